import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ControlNode } from '../control/testing/control-node.ts'
import { EngineError } from '../engine/errors.ts'
import { resourceOf, type FhirResponse } from '../gateway/fhir/request.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Reader } from '../gateway/reader.ts'
import { importDocument, type Imported, type ImportProgress } from './import.ts'

let control: ControlNode
let gateway: Gateway
let admin: Reader
beforeAll(async () => {
  control = await ControlNode.open()
  gateway = control.gateway('riverside')
  admin = await control.admin('riverside')
})
afterAll(() => control.close())

type Json = Record<string, unknown>

const patient = (more: object = {}): Json => ({ resourceType: 'Patient', name: [{ family: 'Sample' }], ...more })
const observation = (subject: string, more: object = {}): Json => ({ resourceType: 'Observation', status: 'final', code: { text: 'pulse' }, subject: { reference: subject }, ...more })
const post = (resource: Json, more: object = {}, request: object = {}): Json => ({ ...more, resource, request: { method: 'POST', url: resource['resourceType'], ...request } })
const put = (resource: Json): Json => ({ resource, request: { method: 'PUT', url: `${resource['resourceType']}/${resource['id']}` } })
const bundle = (type: string, ...entry: readonly Json[]): Json => ({ resourceType: 'Bundle', type, entry })

async function load(document: unknown, into: Gateway = gateway, onProgress: (progress: ImportProgress) => void = () => undefined): Promise<Imported> {
  return await importDocument(into, admin, new TextEncoder().encode(JSON.stringify(document)), onProgress)
}

async function read(...path: readonly string[]): Promise<Json & { readonly meta: { readonly versionId: string } }> {
  const answer = await gateway.handle({ ...admin, purpose: 'TREAT' }, { method: 'GET', path, query: [] })
  return resourceOf(answer) as unknown as Json & { readonly meta: { readonly versionId: string } }
}

async function count(type: string, ...query: readonly (readonly [string, string])[]): Promise<unknown> {
  const answer = await gateway.handle({ ...admin, purpose: 'TREAT' }, { method: 'GET', path: [type], query: [...query, ['_summary', 'count']] })
  return (resourceOf(answer) as unknown as Json)['total']
}

describe('a transaction bundle', () => {
  const urn = `urn:uuid:${randomUUID()}`
  const document = bundle('transaction', post(observation(urn)), post(patient({ identifier: [{ system: 'urn:test', value: 'once' }] }), { fullUrl: urn }))

  it('is imported once: repeated, it is known and names the same patient', async () => {
    const first = await load(document)
    expect(first).toMatchObject({ status: 'imported', resources: 2, refused: [] })
    const [id = ''] = first.patients
    expect(await load(document)).toEqual({ status: 'skipped', resources: 0, patients: [id], refused: [] })
    expect(await count('Observation', ['patient', id])).toBe(1)
    expect((await read('Patient', id)).meta.versionId).toBe('1')
  })

  it('is imported once also when it is handed in twice at the same time', async () => {
    const twice = bundle('transaction', post(patient({ identifier: [{ system: 'urn:test', value: 'twice' }] })))
    const results = await Promise.all([load(twice), load(twice)])
    expect(results.map(({ status }) => status).sort()).toEqual(['imported', 'skipped'])
    expect(await count('Patient', ['identifier', 'urn:test|twice'])).toBe(1)
  })

  it('counts by organisation: another one imports it for itself', async () => {
    const lakeside = await importDocument(control.gateway('lakeside'), await control.admin('lakeside'), new TextEncoder().encode(JSON.stringify(document)), () => undefined)
    expect(lakeside.status).toBe('imported')
    expect(lakeside.patients).not.toEqual((await load(document)).patients)
  })

  it('is refused as a whole, and can be repeated once what it needs is there', async () => {
    const role = { resourceType: 'PractitionerRole', practitioner: { reference: 'Practitioner?identifier=urn:test|later' } }
    const needy = bundle('transaction', post(patient({ identifier: [{ system: 'urn:test', value: 'needy' }] })), post(role))
    await expect(load(needy)).rejects.toMatchObject({ code: 'ERR_FHIR_CONDITION_NO_MATCH' })
    expect(await count('Patient', ['identifier', 'urn:test|needy'])).toBe(0)
    await load({ resourceType: 'Practitioner', id: 'later', identifier: [{ system: 'urn:test', value: 'later' }] })
    expect(await load(needy)).toMatchObject({ status: 'imported', resources: 2 })
    expect(await load(needy)).toMatchObject({ status: 'skipped' })
  })

  it('of updates writes what changed', async () => {
    const updates = (text: string) => bundle('transaction', put(patient({ id: 'tx-a' })), put(observation('Patient/tx-a', { id: 'tx-o', code: { text } })))
    expect(await load(updates('one'))).toMatchObject({ status: 'imported', resources: 2 })
    expect(await load(updates('one'))).toMatchObject({ status: 'skipped', resources: 0 })
    expect(await load(updates('two'))).toMatchObject({ status: 'imported', resources: 1 })
    expect((await read('Patient', 'tx-a')).meta.versionId).toBe('1')
    expect((await read('Observation', 'tx-o')).meta.versionId).toBe('2')
  })
})

describe('resources with ids that a client chose', () => {
  it('are updated where they say something else than what is here, whatever version they claim', async () => {
    const resources = (family: string) => [patient({ id: 'np', name: [{ family }], meta: { versionId: '7', lastUpdated: '2020-01-01T00:00:00Z' } }), observation('Patient/np', { id: 'no' })]
    expect(await load(resources('One'))).toMatchObject({ status: 'imported', resources: 2 })
    expect(await load(resources('One'))).toMatchObject({ status: 'skipped', resources: 0 })
    expect(await load(resources('Two'))).toMatchObject({ status: 'imported', resources: 1 })
    expect((await read('Patient', 'np')).meta.versionId).toBe('2')
    expect((await read('Observation', 'no')).meta.versionId).toBe('1')
  })

  it('are told from others of the same content by order of keys alone: none', async () => {
    await load({ resourceType: 'Patient', id: 'keys', active: true, gender: 'female' })
    expect(await load({ gender: 'female', id: 'keys', active: true, resourceType: 'Patient' })).toMatchObject({ status: 'skipped' })
  })

  it('may refer to what comes later, also under ids that look like those of a server', async () => {
    const id = randomUUID()
    await load([patient({ id: 'fp' }), observation('Patient/fp', { id: 'fo', encounter: { reference: `Encounter/${id}` } })])
    await load({ resourceType: 'Encounter', id, status: 'finished', class: { code: 'AMB' }, subject: { reference: 'Patient/fp' } })
    expect((await read('Observation', 'fo'))['encounter']).toEqual({ reference: `Encounter/${id}` })
    expect(await count('Observation', ['encounter', `Encounter/${id}`])).toBe(1)
  })

  it('never refer to a patient who is not there', async () => {
    expect(await load([observation('Patient/nobody', { id: 'lost' })])).toMatchObject({ status: 'imported', resources: 0, refused: [{ entry: 1, type: 'Observation' }] })
  })

  it('are taken in every order within a document, the same one twice as two versions', async () => {
    const document = [observation('Patient/late', { id: 'early' }), patient({ id: 'late', gender: 'male' }), patient({ id: 'late', gender: 'female' })]
    expect(await load(document)).toMatchObject({ resources: 3, refused: [] })
    expect(await read('Patient', 'late')).toMatchObject({ gender: 'female', meta: { versionId: '2' } })
  })
})

describe('a collection of resources without ids', () => {
  it('is imported once, its references by full URL resolved', async () => {
    const [who, what] = [`urn:uuid:${randomUUID()}`, `urn:uuid:${randomUUID()}`]
    const document = bundle('collection', { fullUrl: what, resource: observation(who) }, { fullUrl: who, resource: patient() })
    const { patients, ...first } = await load(document)
    expect(first).toEqual({ status: 'imported', resources: 2, refused: [] })
    expect(await count('Observation', ['patient', patients[0] ?? ''])).toBe(1)
    expect(await load(document)).toEqual({ status: 'skipped', resources: 0, patients, refused: [] })
  })
})

describe('a batch', () => {
  it('creates what its conditions do not find, and nothing twice', async () => {
    const practitioner = (value: string) => ({ resourceType: 'Practitioner', identifier: [{ system: 'urn:batch', value }] })
    const conditional = (value: string) => post(practitioner(value), {}, { ifNoneExist: `identifier=urn:batch|${value}` })
    const role = post({ resourceType: 'PractitionerRole', practitioner: { identifier: { system: 'urn:batch', value: 'a' } } })
    const document = bundle('batch', conditional('a'), role)
    expect(await load(document)).toMatchObject({ status: 'imported', resources: 2 })
    expect(await load(document)).toMatchObject({ status: 'skipped', resources: 0 })
    expect(await load(bundle('batch', conditional('b'), conditional('a')))).toMatchObject({ status: 'imported', resources: 1 })
    expect(await count('Practitioner', ['identifier', 'urn:batch|a,urn:batch|b'])).toBe(2)
  })

  it('takes all but the entries at fault, and says where and why', async () => {
    const entries = Array.from({ length: 20 }, (_, n) => put(observation('Patient/many', { id: `many-${n}`, ...(n === 3 || n === 16 ? { status: 'odd' } : {}) })))
    const progress: ImportProgress[] = []
    const result = await load(bundle('batch', ...entries, put(patient({ id: 'many' }))), gateway, (seen) => progress.push(seen))
    expect(result).toMatchObject({ status: 'imported', resources: 19 })
    expect(result.refused.map(({ entry, type }) => [entry, type])).toEqual([[4, 'Observation'], [17, 'Observation']])
    expect(result.refused[0]?.reason).toMatch(/not valid FHIR R4.*\(Observation\.status\)$/)
    expect(await count('Observation', ['patient', 'many'])).toBe(18)
    expect(progress.at(-1)).toEqual({ done: 21, total: 21 })
  })
})

describe('an import that is cut short', () => {
  it('goes on where it was, and the reason is told', async () => {
    const document = [patient({ id: 'cut' }), ...Array.from({ length: 700 }, (_, n) => observation('Patient/cut', { id: `cut-${n}` }))]
    let left = 1
    const failing = Object.create(gateway, {
      handle: {
        value: async (...given: Parameters<Gateway['handle']>): Promise<FhirResponse> => {
          if (left-- === 0) throw new EngineError('ERR_ENGINE_HALTED', 'the disk is full')
          return await gateway.handle(...given)
        },
      },
    }) as Gateway
    await expect(load(document, failing)).rejects.toMatchObject({ code: 'ERR_ENGINE_HALTED' })
    expect(await count('Observation', ['patient', 'cut'])).toBe(499)
    expect(await load(document)).toMatchObject({ status: 'imported', resources: 201 })
    expect(await load(document)).toMatchObject({ status: 'skipped' })
  })
})

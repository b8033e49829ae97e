import { randomUUID } from 'node:crypto'
import { readReceipt, verifyTxReceipt } from '@chiron/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer, Client } from './client.ts'
import { grant, organisation } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { observation, patient, practitioner } from './resources.ts'

let started: TestNode
let hospital: Client
let clinic: Client
let id: string

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  clinic = await started.as('lakeside', 'physician')
  id = (await hospital.create(patient())).expect(201).resource.id
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

function expectReceipt(answer: Answer): void {
  expect(verifyTxReceipt(readReceipt(answer.receipt as string), started.trust)).toMatchObject({ kind: 'tx', code: 0 })
}

describe('create, read, update, delete', () => {
  it('answers a create with 201, the version written and a receipt that proves it', async () => {
    const created = (await hospital.create(observation(id, 'laboratory'))).expect(201)
    const { resource } = created
    expect(resource.meta.versionId).toBe('1')
    expect(created.headers.get('location')).toBe(`${hospital.base}/fhir/Observation/${resource.id}/_history/1`)
    expect(created.headers.get('etag')).toBe('W/"1"')
    expect(Date.parse(created.headers.get('last-modified') ?? '')).toBe(Math.floor(Date.parse(resource.meta.lastUpdated) / 1000) * 1000)
    expectReceipt(created)
    const read = (await hospital.get(`Observation/${resource.id}`)).expect(200)
    expect(read.json).toEqual(created.json)
    expect(read.headers.get('etag')).toBe('W/"1"')
    expect(read.headers.get('cache-control')).toBe('no-store')
    expect((await hospital.get(`Observation/${resource.id}/_history/1`)).expect(200).json).toEqual(created.json)
    ;(await hospital.get(`Observation/${resource.id}/_history/2`)).expect(404)
    ;(await hospital.get(`Observation/${resource.id}`, { 'if-none-match': 'W/"1"' })).expect(304)
  })

  it('ignores an id in the body of a create', async () => {
    const created = (await hospital.create({ ...observation(id, 'laboratory'), id: 'mine' } as never)).expect(201)
    expect(created.resource.id).not.toBe('mine')
    ;(await hospital.get('Observation/mine')).expect(404)
  })

  it('returns nothing, an outcome or the resource as the client prefers', async () => {
    const minimal = (await hospital.create(observation(id, 'laboratory'), { prefer: 'return=minimal' })).expect(201)
    expect(minimal.text).toBe('')
    expect(minimal.headers.get('location')).toContain('/Observation/')
    expectReceipt(minimal)
    const outcome = (await hospital.create(observation(id, 'laboratory'), { prefer: 'return=OperationOutcome' })).expect(201)
    expect(outcome.outcome.issue[0]?.severity).toBe('information')
  })

  it('updates under If-Match and refuses an old version', async () => {
    const { resource } = (await hospital.create(observation(id, 'laboratory'))).expect(201)
    const body = observation(id, 'laboratory', { id: resource.id, status: 'amended' }) as never
    const updated = (await hospital.put(body, { 'if-match': 'W/"1"' })).expect(200)
    expect(updated.headers.get('etag')).toBe('W/"2"')
    expectReceipt(updated)
    ;(await hospital.put(body, { 'if-match': 'W/"1"' })).expect(412)
    ;(await hospital.put(body, { 'if-match': 'nonsense' })).expect(412)
    expect((await hospital.get(`Observation/${resource.id}`)).resource['status']).toBe('amended')
    expect((await hospital.get(`Observation/${resource.id}/_history/1`)).resource['status']).toBe('final')
  })

  it('lets one of several concurrent updates of a version win', async () => {
    const { resource } = (await hospital.create(observation(id, 'laboratory'))).expect(201)
    const body = observation(id, 'laboratory', { id: resource.id, status: 'amended' }) as never
    const answers = await Promise.all(Array.from({ length: 6 }, async () => await hospital.put(body, { 'if-match': 'W/"1"' })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412])
    const unconditional = await Promise.all(Array.from({ length: 4 }, async () => await hospital.put(body)))
    expect(unconditional.map((answer) => answer.expect(200).resource.meta.versionId).sort()).toEqual(['3', '4', '5', '6'])
  })

  it('deletes with a tombstone and brings back by an update', async () => {
    const { resource } = (await hospital.create(observation(id, 'laboratory'))).expect(201)
    const path = `Observation/${resource.id}`
    const deleted = (await hospital.delete(path)).expect(204)
    expectReceipt(deleted)
    ;(await hospital.get(path)).expect(410)
    ;(await hospital.delete(path)).expect(204)
    expect((await hospital.get(`Observation?_id=${resource.id}`)).expect(200).total).toBe(0)
    const history = (await hospital.get(`${path}/_history`)).expect(200)
    expect(history.total).toBe(2)
    expect(history.entries().map((entry) => [entry.request?.method, entry.response?.etag, entry.resource === undefined])).toEqual([
      ['DELETE', 'W/"2"', true],
      ['POST', 'W/"1"', false],
    ])
    ;(await hospital.get(`${path}/_history/2`)).expect(410)
    ;(await hospital.get(`${path}/_history/1`)).expect(200)
    const again = (await hospital.put(observation(id, 'laboratory', { id: resource.id }) as never)).expect(201)
    expect(again.resource.meta.versionId).toBe('3')
    ;(await hospital.get(path)).expect(200)
    expect((await hospital.get(`${path}/_history`)).total).toBe(3)
  })

  it('refuses a delete under an If-Match that is old', async () => {
    const { resource } = (await hospital.create(observation(id, 'laboratory'))).expect(201)
    ;(await hospital.delete(`Observation/${resource.id}`, { 'if-match': 'W/"7"' })).expect(412)
    ;(await hospital.delete(`Observation/${resource.id}`, { 'if-match': 'W/"1"' })).expect(204)
  })

  it('answers HEAD as GET, without a body', async () => {
    const read = (await hospital.send('HEAD', `fhir/Patient/${id}`, undefined, {})).expect(200)
    expect(read.text).toBe('')
    expect(read.headers.get('etag')).toBe('W/"1"')
    expect((await hospital.send('HEAD', 'fhir/metadata', undefined, {})).status).toBe(200)
    ;(await hospital.send('HEAD', `fhir/Observation/${randomUUID()}`, undefined, {})).expect(404)
  })
})

describe('ids that clients choose', () => {
  it('count within one organisation', async () => {
    const here = (await hospital.put({ ...patient({ birthDate: '1970-01-01' }), id: 'abc' })).expect(201)
    const there = (await clinic.put({ ...patient({ birthDate: '1990-12-31' }), id: 'abc' })).expect(201)
    expect(here.headers.get('location')).toBe(`${hospital.base}/fhir/Patient/abc/_history/1`)
    expect(here.resource.id).toBe('abc')
    expect((await hospital.get('Patient/abc')).expect(200).resource['birthDate']).toBe('1970-01-01')
    expect((await clinic.get('Patient/abc')).expect(200).resource['birthDate']).toBe('1990-12-31')
    ;(await hospital.put({ ...patient(), id: 'abc' })).expect(200)
    expect((await clinic.get('Patient/abc')).expect(200).resource.meta.versionId).toBe('1')
    expect(there.resource.id).toBe('abc')
  })

  it('work in references, searches, includes and fullUrls', async () => {
    ;(await hospital.put({ ...patient(), id: 'ref-1' })).expect(201)
    const made = (await hospital.put({ ...observation('ref-1', 'laboratory'), id: 'obs-1' })).expect(201)
    expect(made.resource['subject']).toEqual({ reference: 'Patient/ref-1' })
    for (const query of ['patient=ref-1', 'subject=Patient/ref-1', 'subject:Patient=ref-1', '_id=obs-1']) {
      const found = (await hospital.get(`Observation?${query}&_include=Observation:subject`)).expect(200)
      expect(found.matches().map((resource) => resource.id)).toEqual(['obs-1'])
      expect(found.included().map((resource) => resource.id)).toEqual(['ref-1'])
      expect(found.entries()[0]?.fullUrl).toBe(`${hospital.base}/fhir/Observation/obs-1`)
    }
    expect((await hospital.get('Patient/ref-1/$everything')).expect(200).matches().map((resource) => resource.id)).toEqual(['ref-1', 'obs-1'])
    expect((await hospital.get('Patient?_has:Observation:patient:_id=obs-1')).expect(200).total).toBe(1)
  })

  it('may look like ids of a server without reaching another organisation', async () => {
    const taken = (await clinic.put({ ...patient({ birthDate: '2001-01-01' }), id })).expect(201)
    expect(taken.resource.meta.versionId).toBe('1')
    expect((await hospital.get(`Patient/${id}`)).expect(200).resource['birthDate']).toBe('1984-03-09')
    const fresh = randomUUID()
    expect((await clinic.put({ ...patient(), id: fresh })).expect(201).text.replaceAll(fresh, id).length).toBe(taken.text.length)
  })

  it('are refused when they are none', async () => {
    ;(await hospital.send('PUT', 'fhir/Patient/a_b', JSON.stringify({ ...patient(), id: 'a_b' }), { 'content-type': 'application/json' })).expect(422)
    ;(await hospital.put({ ...patient(), id: 'x'.repeat(65) })).expect(422)
    ;(await hospital.send('PUT', 'fhir/Patient/one', JSON.stringify({ ...patient(), id: 'two' }), { 'content-type': 'application/json' })).expect(400)
    ;(await hospital.get('Observation/a_b')).expect(404)
  })
})

describe('conditional create', () => {
  const identified = (value: string) => practitioner({ identifier: [{ system: 'https://example.org/npi', value }] })

  it('creates, finds, or refuses, by what matches', async () => {
    const condition = { 'if-none-exist': 'identifier=https://example.org/npi|1' }
    const created = (await hospital.create(identified('1'), condition)).expect(201)
    for (const text of [condition['if-none-exist'], `?${condition['if-none-exist']}`, `Practitioner?${condition['if-none-exist']}`, `${hospital.base}/fhir/Practitioner?${condition['if-none-exist']}`]) {
      const found = (await hospital.create(identified('1'), { 'if-none-exist': text })).expect(200)
      expect(found.resource.id).toBe(created.resource.id)
      expect(found.headers.get('location')).toBe(created.headers.get('location'))
      expect(found.receipt).toBeNull()
    }
    ;(await hospital.create(identified('1'))).expect(201)
    ;(await hospital.create(identified('1'), condition)).expect(412)
    ;(await hospital.create(identified('1'), { 'if-none-exist': 'nonsense=1' })).expect(400)
    for (const empty of ['', '?', '_count=1']) (await hospital.create(identified('1'), { 'if-none-exist': empty })).expect(empty === '_count=1' ? 412 : 400)
  })

  it('makes one of concurrent duplicates', async () => {
    const condition = { 'if-none-exist': 'identifier=https://example.org/npi|77' }
    const answers = await Promise.all(Array.from({ length: 8 }, async () => await hospital.create(identified('77'), condition)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201])
    expect(new Set(answers.map((answer) => answer.resource.id)).size).toBe(1)
  })

  it('does not see what consent hides', async () => {
    const body = patient({ identifier: [{ system: 'https://example.org/mrn', value: '4711' }] })
    ;(await hospital.create(body)).expect(201)
    const condition = { 'if-none-exist': 'identifier=https://example.org/mrn|4711' }
    ;(await clinic.create(body, condition)).expect(201)
    ;(await clinic.create(body, condition)).expect(200)
    const hidden = (await hospital.create(observation(id, 'laboratory', { identifier: [{ value: 'x' }] }))).expect(201).resource
    const about = observation(id, 'laboratory', { identifier: [{ value: 'x' }] })
    const known = (await clinic.create(about, { 'if-none-exist': `identifier=x&patient=${hidden.id}` })).status
    expect(known).toBe((await clinic.create(about, { 'if-none-exist': `identifier=x&patient=${randomUUID()}` })).status)
  })
})

describe('what a clinic may not see', () => {
  it('cannot be changed, deleted, or told from what is absent', async () => {
    const hidden = (await hospital.create(observation(id, 'laboratory'))).expect(201).resource
    const other = (await hospital.create(patient())).expect(201).resource
    for (const headers of [{}, { 'if-match': 'W/"1"' }, { 'if-match': 'W/"9"' }]) {
      for (const [type, known] of [['Observation', hidden.id], ['Patient', other.id]] as const) {
        const absent = randomUUID()
        const one = await clinic.delete(`${type}/${known}`, headers)
        const two = await clinic.delete(`${type}/${absent}`, headers)
        expect([type, headers, one.status, one.text]).toEqual([type, headers, two.status, two.text])
      }
    }
    ;(await hospital.get(`Observation/${hidden.id}`)).expect(200)
    ;(await hospital.get(`Patient/${other.id}`)).expect(200)
    const updated = await clinic.put(observation(other.id, 'laboratory', { id: hidden.id }) as never, { 'if-match': 'W/"1"' })
    const absent = await clinic.put(observation(other.id, 'laboratory', { id: randomUUID() }) as never, { 'if-match': 'W/"1"' })
    expect([updated.status, updated.text]).toEqual([absent.status, absent.text])
  })

  it('may be read and still not be written', async () => {
    const { id: mine } = (await hospital.create(patient())).expect(201).resource
    const shown = (await hospital.create(observation(mine, 'laboratory'))).expect(201).resource
    await grant(started, mine, { to: organisation(started, 'lakeside') })
    ;(await clinic.get(`Observation/${shown.id}`)).expect(200)
    ;(await clinic.delete(`Observation/${shown.id}`)).expect(403)
    ;(await clinic.put(observation(mine, 'laboratory', { id: shown.id }) as never)).expect(403)
    ;(await clinic.delete(`Patient/${mine}`)).expect(403)
    ;(await clinic.put({ ...patient(), id: mine })).expect(403)
    ;(await hospital.get(`Observation/${shown.id}/_history`)).expect(200)
    expect((await hospital.get(`Observation/${shown.id}`)).resource.meta.versionId).toBe('1')
  })
})

describe('scopes', () => {
  it('bound what a token may do', async () => {
    const reader = await started.as('riverside', 'physician', { scopes: ['user/Observation.rs'] })
    ;(await reader.get(`Observation?patient=${id}`)).expect(200)
    ;(await reader.get(`Patient/${id}`)).expect(403)
    ;(await reader.get(`Patient/${id}/$everything`)).expect(403)
    ;(await reader.create(observation(id, 'laboratory'))).expect(403)
    ;(await reader.delete(`Observation/${randomUUID()}`)).expect(403)
    expect((await reader.get(`Observation?patient=${id}&_include=Observation:subject`)).expect(200).included()).toEqual([])
    const narrow = await started.as('riverside', 'physician', { scopes: ['user/Patient.r'] })
    ;(await narrow.get(`Patient?_id=${id}`)).expect(403)
    const everything = (await narrow.get(`Patient/${id}/$everything`)).expect(200)
    expect(new Set(everything.matches().map((resource) => resource.resourceType))).toEqual(new Set(['Patient']))
  })
})

it('describes itself without a token', async () => {
  const statement = (await started.anonymous('riverside').get('metadata')).expect(200).json
  expect(statement).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', kind: 'instance' })
  const rest = (statement['rest'] as { resource: { type: string }[] }[])[0]
  expect(rest?.resource.map(({ type }) => type)).toEqual(expect.arrayContaining(['Patient', 'Observation', 'AuditEvent', 'Consent']))
})

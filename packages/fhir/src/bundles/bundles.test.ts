import { beforeAll, describe, expect, it } from 'vitest'
import { hasShared, jsonFiles, needsShared, readJsonFile, syntheaFolder, useDefinitions } from '../../test/support.ts'
import { FhirError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { validateOnWrite } from '../validation/validate.ts'
import { batchResponse, historyBundle, searchsetBundle, searchsetText, transactionResponse } from './build.ts'
import { parseBundle } from './parse.ts'
import { planTransaction } from './plan.ts'
import type { ResolvedPlan } from './plan.ts'

beforeAll(useDefinitions)

const BASE = 'https://a.org/fhir'
const UUID = 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0'
const bundle = (type: string, ...entry: readonly object[]): object => ({ resourceType: 'Bundle', type, entry })
const post = (resource: object, more: object = {}, request: object = {}): object => ({
  ...more,
  resource,
  request: { method: 'POST', url: (resource as JsonObject)['resourceType'], ...request },
})

function plan(source: object, answers: Record<string, string[]> = {}): ResolvedPlan {
  let next = 0
  const { lookups, resolve } = planTransaction(parseBundle(source, BASE), { newId: () => `n${++next}`, base: BASE })
  expect(lookups.map((lookup) => lookup.key).sort()).toEqual(Object.keys(answers).sort())
  return resolve(new Map(Object.entries(answers)))
}

function errorOf(run: () => unknown): FhirError | undefined {
  try {
    run()
  } catch (error) {
    if (error instanceof FhirError) return error
    throw error
  }
  return undefined
}

describe('parseBundle', () => {
  const patient = { resourceType: 'Patient', id: '1' }
  it.each<[string, unknown, string]>([
    ['another resource', { resourceType: 'Patient' }, 'Bundle'],
    ['another type', bundle('searchset'), 'Bundle.type'],
    ['entries that are no list', { resourceType: 'Bundle', type: 'batch', entry: {} }, 'Bundle.entry'],
    ['an entry without request', bundle('batch', { resource: patient }), 'Bundle.entry[0].request'],
    ['an unknown method', bundle('batch', { request: { method: 'TRACE', url: 'Patient' } }), 'Bundle.entry[0].request.method'],
    ['a missing url', bundle('batch', { request: { method: 'GET' } }), 'Bundle.entry[0].request.url'],
    ['a url elsewhere', bundle('batch', { request: { method: 'GET', url: 'https://b.org/Patient/1' } }), 'Bundle.entry[0].request.url'],
    ['an unknown type', bundle('batch', { request: { method: 'GET', url: 'Foo/1' } }), 'Bundle.entry[0].request.url'],
    ['a creation without body', bundle('batch', { request: { method: 'POST', url: 'Patient' } }), 'Bundle.entry[0].resource'],
    ['a creation at an instance', bundle('batch', post(patient, {}, { url: 'Patient/1' })), 'Bundle.entry[0].request.url'],
    ['a body of another type', bundle('batch', post(patient, {}, { url: 'Group' })), 'Bundle.entry[0].resource.resourceType'],
    ['an update with another id', bundle('batch', post(patient, {}, { method: 'PUT', url: 'Patient/2' })), 'Bundle.entry[0].resource.id'],
    ['an update of a type', bundle('batch', post(patient, {}, { method: 'PUT', url: 'Patient' })), 'Bundle.entry[0].request.url'],
    [
      'a condition on an update',
      bundle('batch', post(patient, {}, { method: 'PUT', url: 'Patient/1', ifNoneExist: 'a=b' })),
      'Bundle.entry[0].request.ifNoneExist',
    ],
  ])('refuses %s', (_title, source, element) => {
    expect(errorOf(() => parseBundle(source, BASE))).toMatchObject({ code: 'ERR_FHIR_BUNDLE_INVALID', context: { element } })
  })

  it('refuses the same fullUrl, and in a transaction the same instance, twice', () => {
    expect(errorOf(() => parseBundle(bundle('batch', post(patient, { fullUrl: UUID }), post(patient, { fullUrl: UUID }))))).toMatchObject({
      code: 'ERR_FHIR_BUNDLE_DUPLICATE',
      context: { element: 'Bundle.entry[1].fullUrl' },
    })
    const twice = [post(patient, {}, { method: 'PUT', url: 'Patient/1' }), { request: { method: 'DELETE', url: 'Patient/1' } }]
    expect(errorOf(() => parseBundle(bundle('transaction', ...twice)))?.code).toBe('ERR_FHIR_BUNDLE_DUPLICATE')
    expect(parseBundle(bundle('batch', ...twice)).entries).toHaveLength(2)
  })

  it.each(['identifier=a|b', '?identifier=a|b', 'Patient?identifier=a|b', `${BASE}/Patient?identifier=a|b`])('reads the condition %s', (ifNoneExist) => {
    expect(parseBundle(bundle('batch', post(patient, {}, { ifNoneExist })), BASE).entries[0]?.ifNoneExist).toBe('identifier=a|b')
  })

  it('reads addresses', () => {
    const get = (url: string): unknown => parseBundle(bundle('batch', { request: { method: 'GET', url } }), BASE).entries[0]?.target
    expect(get(`${BASE}/Patient/1`)).toEqual({ kind: 'instance', type: 'Patient', id: '1' })
    expect(get('/Patient/1/_history/2')).toEqual({ kind: 'instance', type: 'Patient', id: '1', version: '2' })
    expect(get('Patient?name=a')).toEqual({ kind: 'type', type: 'Patient', query: 'name=a' })
    expect(get('Patient/1/$everything?_count=1')).toEqual({ kind: 'other', path: 'Patient/1/$everything', query: '_count=1' })
    expect(get('metadata')).toEqual({ kind: 'other', path: 'metadata' })
  })
})

describe('planTransaction', () => {
  it('orders operations, gives ids and rewrites references to entries', () => {
    const resolved = plan(
      bundle(
        'transaction',
        { request: { method: 'GET', url: 'Patient/9' } },
        post({ resourceType: 'Observation', id: 'ob', subject: { reference: UUID } }, {}, { method: 'PUT', url: 'Observation/ob' }),
        post({ resourceType: 'Patient', id: 'client' }, { fullUrl: UUID }),
        post({ resourceType: 'DocumentReference', content: [{ attachment: { url: UUID } }], subject: { reference: `${UUID}/_history/1` } }),
        { request: { method: 'DELETE', url: 'Patient/7' } },
      ),
    )
    expect(resolved.operations.map(({ index, action, type, id }) => [index, action, type, id])).toEqual([
      [4, 'delete', 'Patient', '7'],
      [2, 'create', 'Patient', 'n1'],
      [3, 'create', 'DocumentReference', 'n2'],
      [1, 'update', 'Observation', 'ob'],
      [0, 'read', 'Patient', '9'],
    ])
    expect(resolved.operations[1]?.resource).toEqual({ resourceType: 'Patient', id: 'n1' })
    expect(resolved.operations[2]?.resource).toMatchObject({ content: [{ attachment: { url: 'Patient/n1' } }], subject: { reference: 'Patient/n1' } })
    expect(resolved.operations[3]?.resource).toMatchObject({ subject: { reference: 'Patient/n1' } })
  })

  it('reads relative references against the base of the entry, and local ones as relative', () => {
    const resolved = plan(
      bundle(
        'transaction',
        post({ resourceType: 'Patient' }, { fullUrl: 'https://b.org/Patient/1' }),
        post(
          { resourceType: 'Observation', subject: { reference: 'Patient/1' }, performer: [{ reference: `${BASE}/Practitioner/5` }] },
          { fullUrl: 'https://b.org/Observation/1' },
        ),
      ),
    )
    expect(resolved.operations[1]?.resource).toMatchObject({ subject: { reference: 'Patient/n1' }, performer: [{ reference: 'Practitioner/5' }] })
  })

  const conditional = bundle(
    'transaction',
    post({ resourceType: 'Patient' }, { fullUrl: UUID }, { ifNoneExist: 'identifier=1' }),
    post({ resourceType: 'Observation', subject: { reference: UUID }, performer: [{ reference: 'Practitioner?identifier=2' }] }),
  )

  it('asks for conditions and uses the one match', () => {
    const resolved = plan(conditional, { 'Patient?identifier=1': ['old'], 'Practitioner?identifier=2': ['doc'] })
    expect(resolved.operations[0]).toMatchObject({ action: 'exists', id: 'old' })
    expect(resolved.operations[1]?.resource).toMatchObject({ subject: { reference: 'Patient/old' }, performer: [{ reference: 'Practitioner/doc' }] })
    expect(plan(conditional, { 'Patient?identifier=1': [], 'Practitioner?identifier=2': ['doc'] }).operations[0]).toMatchObject({ action: 'create', id: 'n1' })
  })

  it.each<[string, Record<string, string[]>, string, string]>([
    [
      'several matches of a creation',
      { 'Patient?identifier=1': ['a', 'b'], 'Practitioner?identifier=2': ['d'] },
      'ERR_FHIR_CONDITION_SEVERAL_MATCHES',
      'Bundle.entry[0].request',
    ],
    [
      'several matches of a reference',
      { 'Patient?identifier=1': [], 'Practitioner?identifier=2': ['d', 'e'] },
      'ERR_FHIR_CONDITION_SEVERAL_MATCHES',
      'Bundle.entry[1].resource.performer[0].reference',
    ],
    [
      'no match of a reference',
      { 'Patient?identifier=1': [], 'Practitioner?identifier=2': [] },
      'ERR_FHIR_CONDITION_NO_MATCH',
      'Bundle.entry[1].resource.performer[0].reference',
    ],
  ])('fails on %s', (_title, answers, code, element) => {
    expect(errorOf(() => plan(conditional, answers))).toMatchObject({ code, context: { element } })
  })

  it('fails on a urn that no entry has, and on conditions that meet at one resource', () => {
    expect(errorOf(() => plan(bundle('transaction', post({ resourceType: 'Observation', subject: { reference: UUID } }))))).toMatchObject({
      code: 'ERR_FHIR_REFERENCE_INVALID',
      context: { element: 'Bundle.entry[0].resource.subject.reference' },
    })
    const meet = bundle('transaction', post({ resourceType: 'Patient' }, {}, { method: 'PUT', url: 'Patient?identifier=1' }), {
      request: { method: 'DELETE', url: 'Patient/x' },
    })
    expect(errorOf(() => plan(meet, { 'Patient?identifier=1': ['x'] }))?.code).toBe('ERR_FHIR_BUNDLE_DUPLICATE')
    expect(plan(meet, { 'Patient?identifier=1': [] }).operations[1]).toMatchObject({ action: 'create', id: 'n1' })
  })

  it.skipIf(!hasShared)(`resolves a Synthea bundle to valid resources${needsShared}`, () => {
    const [file = ''] = jsonFiles(`${syntheaFolder}/2026-synthea-3.3-uscore5`)
    const parsed = parseBundle(readJsonFile(file))
    let next = 0
    const { lookups, resolve } = planTransaction(parsed, { newId: () => `n${++next}` })
    const { operations } = resolve(new Map(lookups.map((lookup) => [lookup.key, ['known']])))
    expect(operations).toHaveLength(parsed.entries.length)
    for (const operation of operations) {
      expect(validateOnWrite(operation.resource)).toEqual([])
      expect(JSON.stringify(operation.resource)).not.toContain('"reference":"urn:uuid:')
    }
  })
})

describe('bundles of answers', () => {
  const patient = { resourceType: 'Patient', id: '1' } as const
  it('are valid R4', () => {
    const links = { self: `${BASE}/Patient?a=b`, next: `${BASE}/Patient?c`, previous: `${BASE}/Patient?p` }
    const found = searchsetBundle([{ mode: 'match', fullUrl: `${BASE}/Patient/1`, resource: patient }], links, 1)
    const history = historyBundle(
      [
        { fullUrl: `${BASE}/Patient/1`, method: 'DELETE', url: 'Patient/1', version: '2', lastModified: '2021-01-01T00:00:00Z' },
        { fullUrl: `${BASE}/Patient/1`, method: 'POST', url: 'Patient', version: '1', lastModified: '2020-01-01T00:00:00Z', resource: patient },
      ],
      { self: `${BASE}/Patient/1/_history` },
      2,
    )
    const answers = [
      { status: 201, location: 'Patient/1/_history/1', version: '1', lastModified: '2021-01-01T00:00:00Z' },
      { status: 404, outcome: { resourceType: 'OperationOutcome' as const, issue: [{ severity: 'error' as const, code: 'not-found' as const }] } },
    ]
    for (const one of [found, searchsetBundle([], links), history, transactionResponse(answers), batchResponse(answers)])
      expect(validateOnWrite(one)).toEqual([])
    expect(found.link?.map((link) => link.relation)).toEqual(['self', 'previous', 'next'])
    expect(found.entry?.[0]?.search?.mode).toBe('match')
    expect(history.entry?.map((entry) => [entry.response?.status, entry.response?.etag, entry.resource === undefined])).toEqual([
      ['204', 'W/"2"', true],
      ['201', 'W/"1"', false],
    ])
    expect(batchResponse(answers).entry?.map((entry) => entry.response?.status)).toEqual(['201', '404'])
  })
})

describe('searchsetText', () => {
  it('writes what the bundle of the parsed resources would be', () => {
    const items = [
      { mode: 'match' as const, fullUrl: `${BASE}/Patient/1?"`, resource: { resourceType: 'Patient' as const, id: '1' } },
      { mode: 'outcome' as const, resource: { resourceType: 'OperationOutcome' as const, issue: [] } },
    ]
    const texts = items.map(({ resource, ...item }) => ({ ...item, text: JSON.stringify(resource) }))
    for (const count of [0, 1, 2]) {
      for (const total of [undefined, 7]) {
        const links = { self: `${BASE}/Patient?name="`, ...(count === 2 ? { next: `${BASE}/Patient?_cursor=x` } : {}) }
        expect(searchsetText(texts.slice(0, count), links, total)).toBe(JSON.stringify(searchsetBundle(items.slice(0, count), links, total)))
      }
    }
  })
})

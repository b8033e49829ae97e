import { randomUUID } from 'node:crypto'
import { decodeCanonical, decodeTx, signedBlock } from '@chiron/protocol'
import { readReceipt, verifyTxReceipt } from '@chiron/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer, Client } from './client.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { condition, observation, patient, practitioner } from './resources.ts'

let started: TestNode
let hospital: Client
let id: string

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  id = (await hospital.create(patient())).expect(201).resource.id
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

type Request = Readonly<Record<string, string>>
type BundleEntry = { readonly fullUrl?: string; readonly resource?: object; readonly request: Request }

const send = async (type: 'batch' | 'transaction', entry: readonly BundleEntry[]): Promise<Answer> => await hospital.post('fhir', { resourceType: 'Bundle', type, entry })
const transaction = async (...entry: readonly BundleEntry[]): Promise<Answer> => await send('transaction', entry)
const post = (resource: { readonly resourceType: string }, extra: Omit<Partial<BundleEntry>, 'request'> & { request?: Request } = {}): BundleEntry => ({
  resource,
  ...extra,
  request: { method: 'POST', url: resource.resourceType, ...extra.request },
})
const statuses = (answer: Answer): string[] => answer.entries().map((entry) => entry.response?.status ?? '')
const height = (): number => started.node.engine.status().height

/** Ledger transactions since a block that put records or registered somebody; what is reported meanwhile does not count. */
function writesSince(from: number): number {
  const { engine } = started.node
  let writes = 0
  for (let at = from + 1; at <= height(); at++) {
    for (const tx of decodeCanonical(signedBlock, engine.block(at) as Uint8Array).txs) {
      if (decodeTx(tx).body.messages.some(({ type }) => type === 'records.put' || type === 'identity.register')) writes++
    }
  }
  return writes
}

/** Nothing of a transaction that failed is on the ledger or in the index. */
async function expectNothingWritten(work: () => Promise<Answer>, status: number): Promise<Answer> {
  const count = async (): Promise<number[]> => await Promise.all(['Observation', 'Patient', 'Condition'].map(async (type) => (await hospital.get(`${type}?_summary=count`)).total))
  const [before, from] = [await count(), height()]
  const answer = (await work()).expect(status)
  expect(writesSince(from)).toBe(0)
  expect(await count()).toEqual(before)
  return answer
}

describe('a transaction', () => {
  it('writes everything in one ledger transaction and answers in the order of its entries', async () => {
    const [person, encounter] = [`urn:uuid:${randomUUID()}`, `urn:uuid:${randomUUID()}`]
    const existing = (await hospital.create(condition(id))).expect(201).resource
    const gone = (await hospital.create(condition(id))).expect(201).resource
    const from = height()
    const answer = (
      await transaction(
        { request: { method: 'GET', url: `Condition/${existing.id}` } },
        post(observation('', 'laboratory', { subject: { reference: person }, encounter: { reference: encounter } })),
        { resource: { ...condition(id), id: existing.id, code: { text: 'Changed' } }, request: { method: 'PUT', url: `Condition/${existing.id}`, ifMatch: 'W/"1"' } },
        post(patient(), { fullUrl: person }),
        { request: { method: 'DELETE', url: `Condition/${gone.id}` } },
        post(
          { resourceType: 'Encounter', status: 'finished', class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' }, subject: { reference: person } } as { resourceType: string },
          { fullUrl: encounter },
        ),
      )
    ).expect(200)
    expect(answer.json).toMatchObject({ resourceType: 'Bundle', type: 'transaction-response' })
    expect(statuses(answer)).toEqual(['200', '201', '200', '201', '204', '201'])
    const [read, made, , named, , visit] = answer.entries()
    expect(read?.resource).toMatchObject({ id: existing.id, code: { text: 'Changed' }, meta: { versionId: '2' } })
    expect(made?.response).toMatchObject({ etag: 'W/"1"', location: `Observation/${made?.resource?.id}/_history/1` })
    expect(made?.resource?.['subject']).toEqual({ reference: `Patient/${named?.resource?.id}` })
    expect(made?.resource?.['encounter']).toEqual({ reference: `Encounter/${visit?.resource?.id}` })
    ;(await hospital.get(`Condition/${gone.id}`)).expect(410)
    expect(verifyTxReceipt(readReceipt(answer.receipt as string), started.trust).code).toBe(0)
    const registered = started.node.desk.audit(named?.resource?.id ?? '')
    expect(registered.length).toBeGreaterThan(0)
    expect(writesSince(from)).toBe(1)
  })

  it('resolves conditional references, or fails', async () => {
    const value = randomUUID()
    const doctor = (await hospital.create(practitioner({ identifier: [{ system: 'https://example.org/npi', value }] }))).expect(201).resource
    const about = (reference: string): BundleEntry => post(observation(id, 'laboratory', { performer: [{ reference }] }))
    const found = (await transaction(about(`Practitioner?identifier=https://example.org/npi|${value}`))).expect(200)
    expect(found.entries()[0]?.resource?.['performer']).toEqual([{ reference: `Practitioner/${doctor.id}` }])
    const none = await expectNothingWritten(async () => await transaction(post(patient()), about('Practitioner?identifier=nobody')), 412)
    expect(none.expressions()[0]).toContain('Bundle.entry[1].resource.performer[0].reference')
    ;(await hospital.create(practitioner({ identifier: [{ system: 'https://example.org/npi', value }] }))).expect(201)
    await expectNothingWritten(async () => await transaction(about(`Practitioner?identifier=https://example.org/npi|${value}`)), 412)
  })

  it('creates conditionally, and refers to what it found', async () => {
    const value = randomUUID()
    const fullUrl = `urn:uuid:${randomUUID()}`
    const unit = async (): Promise<Answer> =>
      await transaction(
        post(patient({ identifier: [{ value }] }), { fullUrl, request: { ifNoneExist: `identifier=${value}` } }),
        post(observation('', 'laboratory', { subject: { reference: fullUrl } })),
      )
    const first = (await unit()).expect(200)
    const second = (await unit()).expect(200)
    expect(statuses(first)).toEqual(['201', '201'])
    expect(statuses(second)).toEqual(['200', '201'])
    expect(second.entries()[1]?.resource?.['subject']).toEqual(first.entries()[1]?.resource?.['subject'])
    const concurrent = randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 4 }, async () => await transaction(post(patient({ identifier: [{ value: concurrent }] }), { request: { ifNoneExist: `identifier=${concurrent}` } }))),
    )
    expect(answers.flatMap((answer) => statuses(answer.expect(200))).sort()).toEqual(['200', '200', '200', '201'])
  })

  it('updates and deletes by a condition', async () => {
    const value = randomUUID()
    const body = { ...patient({ identifier: [{ value }] }) }
    const put = { resource: body, request: { method: 'PUT', url: `Patient?identifier=${value}` } }
    const [made] = (await transaction(put)).expect(200).entries()
    expect(made?.response?.status).toBe('201')
    expect(statuses((await transaction(put)).expect(200))).toEqual(['200'])
    const remove = { request: { method: 'DELETE', url: `Patient?identifier=${value}` } }
    expect(statuses((await transaction(remove)).expect(200))).toEqual(['204'])
    ;(await hospital.get(`Patient/${made?.resource?.id}`)).expect(410)
    expect(statuses((await transaction(remove)).expect(200))).toEqual(['204'])
  })

  it.each<[string, number, () => BundleEntry]>([
    ['an invalid resource', 422, () => post({ ...observation(id, 'laboratory'), status: 'nonsense' } as never)],
    ['a dangling reference', 422, () => post(observation(id, 'laboratory', { encounter: { reference: `Encounter/${randomUUID()}` } }))],
    ['a urn that no entry has', 422, () => post(observation(id, 'laboratory', { encounter: { reference: `urn:uuid:${randomUUID()}` } }))],
    ['an old version', 412, () => ({ resource: { ...patient(), id }, request: { method: 'PUT', url: `Patient/${id}`, ifMatch: 'W/"99"' } })],
    ['a chart that may not be written', 403, () => post(observation(randomUUID(), 'laboratory'))],
    ['a read of what is not there', 404, () => ({ request: { method: 'GET', url: `Observation/${randomUUID()}` } })],
    ['a read without access', 403, () => ({ request: { method: 'GET', url: `Patient/${randomUUID()}` } })],
    ['PATCH', 405, () => ({ resource: patient(), request: { method: 'PATCH', url: `Patient/${id}` } })],
    ['a bundle inside', 405, () => ({ resource: { resourceType: 'Bundle', type: 'batch' }, request: { method: 'POST', url: '' } })],
    ['an operation', 405, () => ({ resource: { resourceType: 'Parameters' }, request: { method: 'POST', url: 'Patient/$match' } })],
    ['an unknown type', 400, () => ({ resource: { resourceType: 'Nonsense' }, request: { method: 'POST', url: 'Nonsense' } })],
    ['an unknown method', 400, () => ({ request: { method: 'MERGE', url: 'Patient' } })],
    ['an address elsewhere', 400, () => post(patient(), { request: { url: 'https://example.org/Patient' } })],
    ['a resource of the ledger', 405, () => post({ resourceType: 'AuditEvent' } as { resourceType: string })],
    ['a path that leads out', 400, () => ({ resource: { ...patient(), id: '..' }, request: { method: 'PUT', url: '../../lakeside/fhir/Patient/x' } })],
  ])('with %s writes nothing at all', async (_name, status, bad) => {
    const fullUrl = `urn:uuid:${randomUUID()}`
    const answer = await expectNothingWritten(
      async () => await transaction(post(patient(), { fullUrl }), post(observation('', 'laboratory', { subject: { reference: fullUrl } })), bad()),
      status,
    )
    expect(answer.expressions()[0]).toMatch(/^Bundle\.entry\[2\]/)
  })

  it('does not write the same resource twice', async () => {
    const twice = { resource: { ...patient(), id }, request: { method: 'PUT', url: `Patient/${id}` } }
    await expectNothingWritten(async () => await transaction(twice, twice), 400)
  })

  it('may be empty', async () => {
    expect((await transaction()).expect(200).entries()).toEqual([])
    ;(await hospital.post('fhir', { resourceType: 'Bundle', type: 'transaction' })).expect(200)
  })
})

describe('a batch', () => {
  it('answers each entry by itself, in order', async () => {
    const made = (await hospital.create(observation(id, 'laboratory'))).expect(201).resource
    const answer = (
      await send('batch', [
        post(observation(id, 'laboratory')),
        post({ ...observation(id, 'laboratory'), status: 'nonsense' } as never),
        { request: { method: 'GET', url: `Observation/${made.id}` } },
        { request: { method: 'GET', url: `Observation/${randomUUID()}` } },
        { request: { method: 'GET', url: `Observation?patient=${id}&_summary=count` } },
        { request: { method: 'DELETE', url: `Observation/${made.id}` } },
        { resource: patient(), request: { method: 'PATCH', url: `Patient/${id}` } },
        { resource: { resourceType: 'Bundle', type: 'batch', entry: [] }, request: { method: 'POST', url: '' } },
        { request: { method: 'GET', url: `Patient/${id}/$everything?_count=1` } },
        { request: { method: 'GET', url: `Patient/${id}/_history` } },
      ])
    ).expect(200)
    expect(answer.json).toMatchObject({ type: 'batch-response' })
    expect(statuses(answer)).toEqual(['201', '422', '200', '404', '200', '204', '405', '405', '200', '200'])
    for (const [index, entry] of answer.entries().entries()) {
      if (Number(entry.response?.status) < 400) continue
      expect([index, entry.response?.outcome?.resourceType]).toEqual([index, 'OperationOutcome'])
    }
  })

  it('does not recurse', async () => {
    const nest = (depth: number): object => ({
      resourceType: 'Bundle',
      type: 'batch',
      entry: depth === 0 ? [] : ['', '/', `${hospital.base}/fhir/`].map((url) => ({ resource: nest(depth - 1), request: { method: 'POST', url } })),
    })
    expect(statuses((await hospital.post('fhir', nest(4))).expect(200))).toEqual(['405', '405', '405'])
  })
})

it.each([
  ['no bundle', { resourceType: 'Patient' }],
  ['no object', []],
  ['a collection', { resourceType: 'Bundle', type: 'collection' }],
  ['an entry without request', { resourceType: 'Bundle', type: 'batch', entry: [{ resource: patient() }] }],
  ['entries that are no list', { resourceType: 'Bundle', type: 'batch', entry: {} }],
  ['too many entries', { resourceType: 'Bundle', type: 'batch', entry: Array.from({ length: 10_001 }, () => ({ request: { method: 'GET', url: 'Patient' } })) }],
])('refuses %s at the base', async (_name, body) => {
  ;(await hospital.post('fhir', body)).expect(400)
})

import { dateOf } from '@chiron/protocol'
import { records } from '@chiron/ledger'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from './client.ts'
import { dataOf, grantTerms, organisation } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { condition, observation, patient } from './resources.ts'

let started: TestNode
let hospital: Client
let clinic: Client

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  clinic = await started.as('lakeside', 'physician')
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

const WRITTEN = [
  ['spring', { effectiveDateTime: '2024-03-31T23:30:00-05:00' }],
  ['summer', { effectiveDateTime: '2024-07-15' }],
  ['year', { effectiveDateTime: '2024' }],
  ['stay', { effectivePeriod: { start: '2024-06-20', end: '2024-07-02' } }],
  ['undated', {}],
] as const

/** A patient with observations of 2024, a condition that goes on, and a Provenance of the summer's. */
async function newChart() {
  const { id } = (await hospital.create(patient())).expect(201).resource
  const names = new Map<string, string>()
  for (const [name, dates] of WRITTEN) {
    const { effectiveDateTime: _date, ...rest } = observation(id, 'laboratory')
    names.set((await hospital.create({ ...rest, ...dates })).expect(201).resource.id, name)
  }
  names.set((await hospital.create(condition(id, { onsetDateTime: '2024-07-10' }))).expect(201).resource.id, 'asthma')
  const summer = [...names].find(([, name]) => name === 'summer')?.[0]
  const agent = [{ who: { display: 'the ward' } }]
  const provenance = { resourceType: 'Provenance', target: [{ reference: `Observation/${summer}` }], recorded: '2026-01-01T00:00:00Z', agent }
  names.set((await hospital.create(provenance)).expect(201).resource.id, 'origin')
  return { id, names }
}

const seen = async (client: Client, names: ReadonlyMap<string, string>, id: string): Promise<string[]> => {
  const everything = (await client.get(`Patient/${id}/$everything?_count=100`)).expect(200)
  return everything.matches().flatMap((resource) => names.get(resource.id) ?? []).sort()
}

it('a permit of some days covers what lies within them altogether', async () => {
  const { id, names } = await newChart()
  await grantTerms(started, id, { grantee: organisation(started, 'lakeside'), data: dataOf(started, id, '2024-07-01', '2025-01-01') })
  expect(await seen(clinic, names, id)).toEqual(['origin', 'summer'])
  await grantTerms(started, id, { grantee: organisation(started, 'lakeside'), data: dataOf(started, id, '2024-04-01', null) })
  expect(await seen(clinic, names, id)).toEqual(['asthma', 'origin', 'stay', 'summer'])
  await grantTerms(started, id, { grantee: organisation(started, 'lakeside'), data: dataOf(started, id, '2024-01-01', '2024-04-01') })
  expect(await seen(clinic, names, id)).toEqual(['asthma', 'origin', 'spring', 'stay', 'summer'])
})

it('a denial of some days hides all that may be of them', async () => {
  const { id, names } = await newChart()
  await grantTerms(started, id, { grantee: organisation(started, 'lakeside') })
  expect(await seen(clinic, names, id)).toHaveLength(7)
  const laboratory = [started.gateway('riverside').services.vocabulary.category(started.node.desk.handle(id), 'laboratory')]
  await grantTerms(started, id, { effect: 'deny', grantee: organisation(started, 'lakeside'), categories: laboratory, data: dataOf(started, id, '2024-07-02', '2024-07-03') })
  expect(await seen(clinic, names, id)).toEqual(['asthma', 'origin', 'spring', 'summer'])
})

it('a denial of some days hides nobody: the Patient is about no day, and is there in reads, searches and totals', async () => {
  const { id, names } = await newChart()
  await grantTerms(started, id, { grantee: organisation(started, 'lakeside') })
  await grantTerms(started, id, { effect: 'deny', absolute: true, grantee: { kind: 'anyone' }, data: dataOf(started, id, '2024-01-01', '2025-01-01') })
  expect((await seen(clinic, names, id)).length).toBeLessThan(7)
  ;(await clinic.get(`Patient/${id}`)).expect(200)
  expect((await clinic.get(`Patient?_id=${id}`)).expect(200).total).toBe(1)
})

it('days on the ledger are shifted for each patient, and an open end tells nothing of the shift', async () => {
  const { vocabulary } = started.gateway('riverside').services
  const [one, other] = [await newChart(), await newChart()]
  const at = async (id: string) => (await hospital.create(condition(id, { onsetDateTime: '2020-02-29' }))).expect(201).resource.id
  const datesOf = (condition: string) => {
    const [subject] = records.recordHead(started.node.engine.state, vocabulary.record('Condition', condition))?.subjects ?? []
    if (subject?.dates === null || subject?.dates === undefined) throw new TypeError('no dates')
    return { ...subject.dates, handle: subject.handle }
  }
  const [mine, theirs] = [datesOf(await at(one.id)), datesOf(await at(other.id))]
  expect(mine.from).not.toBe(theirs.from)
  expect(dateOf(vocabulary.tagKey(mine.handle), mine.from)).toBe('2020-02-29')
  expect(mine.until - mine.from).toBe(theirs.until - theirs.from)
})

it('a later version moves to its own days', async () => {
  const { id } = (await hospital.create(patient())).expect(201).resource
  const created = (await hospital.create(observation(id, 'laboratory', { effectiveDateTime: '2024-01-02' }))).expect(201).resource
  const { vocabulary } = started.gateway('riverside').services
  const from = () => records.recordHead(started.node.engine.state, vocabulary.record('Observation', created.id))?.subjects[0]?.dates?.from ?? 0
  const before = from()
  ;(await hospital.put({ ...observation(id, 'laboratory', { effectiveDateTime: '2024-01-12' }), id: created.id })).expect(200)
  expect(from() - before).toBe(10)
})

it('a patient reads back the days and purposes of a rule for anyone, as FHIR has them', async () => {
  const { id } = (await hospital.create(patient())).expect(201).resource
  await grantTerms(started, id, { effect: 'deny', grantee: { kind: 'anyone' }, purposes: ['HRESCH'], data: dataOf(started, id, '2024-01-01', '2025-01-01') })
  const own = await started.asPatient(id)
  const [said] = (await own.get('Consent')).expect(200).matches() as unknown as { readonly provision: object }[]
  expect(said?.provision).toMatchObject({
    type: 'deny',
    purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HRESCH' }],
    dataPeriod: { start: '2024-01-01T00:00:00.000Z', end: '2024-12-31T23:59:59.999Z' },
  })
  expect(said?.provision).not.toHaveProperty('actor')
})

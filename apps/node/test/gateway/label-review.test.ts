import { randomBytes } from 'node:crypto'
import { records } from '@chiron/ledger'
import { LABELS, type Message } from '@chiron/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually, type Client } from './client.ts'
import { grant, organisation } from './consents.ts'
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

type AnyResource = { readonly resourceType: string; readonly [element: string]: unknown }
const ICD = 'http://hl7.org/fhir/sid/icd-10-cm'
const create = async (resource: AnyResource) => (await hospital.create(resource)).expect(201).resource
const coded = (code: string) => ({ code: { coding: [{ system: ICD, code }] } })
const services = () => started.gateway('riverside').services
const labelsOf = (id: string, { resourceType, id: record }: { resourceType: string; id: string }): string[] => {
  const { vocabulary } = services()
  const handle = started.node.desk.handle(id)
  return records.labelSetsOf(started.node.engine.state, handle, vocabulary.record(resourceType, record)).given.map((tag) => started.node.desk.tagName(handle, tag)).sort()
}
/** As if the record had been written when no value set listed its codes. */
const unlabel = async (id: string, { resourceType, id: record }: { resourceType: string; id: string }): Promise<void> => {
  const { vocabulary } = services()
  const handle = started.node.desk.handle(id)
  const message: Message = { type: 'records.label', salt: randomBytes(16), record: vocabulary.record(resourceType, record), subject: handle, labels: LABELS.map((name) => vocabulary.label(handle, name)), change: 'remove' }
  await started.submit('riverside', [message])
}
const review = async (apply = false) => await started.gateway('riverside').reviewLabels(apply, () => undefined)

it('finds what lacks a label of today, by code, by an earlier version, and inherited along a chain; labels it once, and lists it', async () => {
  const { id } = await create(patient())
  await create(observation(id, 'laboratory'))
  const depression = await create(condition(id, coded('F32.9')))
  const encounter = { resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' }, subject: { reference: `Patient/${id}` }, period: { start: '2024-01-01', end: '2024-01-01' } }
  const visit = await create({ ...encounter, diagnosis: [{ condition: { reference: `Condition/${depression.id}` } }] })
  const seen = await create(observation(id, 'laboratory', { encounter: { reference: `Encounter/${visit.id}` } }))
  const amended = await create(condition(id, coded('B20')))
  ;(await hospital.put({ ...condition(id, coded('J45')), id: amended.id })).expect(200)
  const deleted = await create(condition(id, coded('F10.20')))
  ;(await hospital.delete(`Condition/${deleted.id}`)).expect(204)
  expect(await review()).toMatchObject({ records: 7, lacking: 0, labels: {}, unread: 0 })

  const all = [seen, visit, depression, amended, deleted]
  for (const each of all) await unlabel(id, each)
  await grant(started, id, { to: organisation(started, 'lakeside') })
  ;(await clinic.get(`Observation/${seen.id}`)).expect(200)
  const progress: number[] = []
  const found = await started.gateway('riverside').reviewLabels(false, ({ done, total }) => progress.push(done / total))
  expect(found).toMatchObject({ records: 7, lacking: 5, labels: { 'mental-health': 3, hiv: 1, 'substance-use': 1 }, labelled: 0, refused: 0, unread: 0 })
  expect(progress.at(-1)).toBe(1)
  expect(all.map((each) => labelsOf(id, each))).toEqual([[], [], [], [], []])

  expect(await review(true)).toMatchObject({ lacking: 5, labelled: 5, refused: 0 })
  expect(all.map((each) => labelsOf(id, each))).toEqual([['mental-health'], ['mental-health'], ['mental-health'], ['hiv'], ['substance-use']])
  await eventually(async () => (await clinic.get(`Observation/${seen.id}`)).status).toBe(404)
  const listed = () => started.node.desk.audit(id).filter(({ what }) => what.includes('put on')).map(({ who, what }) => [who, what.split(': ')[1]])
  expect(listed()).toHaveLength(5)
  expect(listed()).toContainEqual(['riverside', 'put on hiv'])
  expect(await review(true)).toMatchObject({ lacking: 0, labelled: 0 })
  expect(listed()).toHaveLength(5)
})

it('what broke off goes on where it was, and what a patient put on does not spread', async () => {
  const { id } = await create(patient())
  const conditions = await Promise.all(Array.from({ length: 70 }, async () => await create(condition(id, coded('F32.9')))))
  const noted = await create(condition(id))
  const follow = await create({ ...condition(id), evidence: [{ detail: [{ reference: `Condition/${noted.id}` }] }] })
  await started.node.desk.label(id, services().vocabulary.record('Condition', noted.id), ['hiv'], 'add')
  for (const each of conditions) await unlabel(id, each)
  let isBroken = false
  const breaking = started.gateway('riverside').reviewLabels(true, ({ total }) => {
    // The first batch of what lacks labels is on the ledger.
    if (total === 70) {
      isBroken = true
      throw new RangeError('stopped')
    }
  })
  await expect(breaking).rejects.toThrow('stopped')
  expect(isBroken).toBe(true)
  expect(conditions.filter((each) => labelsOf(id, each).length > 0)).toHaveLength(64)
  expect(await review(true)).toMatchObject({ lacking: 6, labels: { 'mental-health': 6 }, labelled: 6 })
  expect(labelsOf(id, follow)).toEqual([])
})

it('leaves to others what they have continued', async () => {
  const { id } = await create(patient())
  const shared = await create(condition(id, coded('F32.9')))
  await grant(started, id, { to: organisation(started, 'lakeside'), labels: ['mental-health'], actions: ['read', 'write'] })
  ;(await clinic.get(`Condition/${shared.id}`)).expect(200)
  ;(await clinic.put({ ...condition(id, coded('F32.9')), id: shared.id })).expect(200)
  const before = await review()
  expect(before).toMatchObject({ lacking: 0 })
  expect((await started.gateway('lakeside').reviewLabels(false, () => undefined)).records).toBe(1)
})

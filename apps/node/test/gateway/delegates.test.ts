import type { Did } from '@chiron/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Answer, Client, Resource } from './client.ts'
import { grantTerms } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { labelled, observation, patient } from './resources.ts'

const HOUR_MS = 3_600_000

let started: TestNode
let hospital: Client
beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

/** A child with three results, one of them labelled, and a parent who is a patient, too. */
async function family() {
  const child = (await hospital.create(patient())).expect(201).resource.id
  for (const [category, extra] of [['laboratory', {}], ['laboratory', labelled('HIV')], ['vital-signs', {}]] as const) (await hospital.create(observation(child, category, extra))).expect(201)
  const parent = (await hospital.create(patient())).expect(201).resource.id
  ;(await hospital.create(observation(parent, 'laboratory'))).expect(201)
  const did = (await started.node.wallets.signerFor(parent))?.did as Did
  return { child, parent, did, reader: await started.asPatient(parent, 'lakeside') }
}

const observations = async (by: Client, id: string): Promise<Answer> => await by.get(`Observation?patient=${id}`)
const scope = { actions: ['read'], categories: [], labels: [], forMs: HOUR_MS } as const

it('a delegate reads as the patient, within limits, and is refused at the next read once dismissed', async () => {
  const { child, parent, did, reader } = await family()
  ;(await observations(reader, child)).expect(403)
  await started.node.desk.appointDelegate(child, did, scope)
  const found = (await observations(reader, child)).expect(200)
  expect(found.total).toBe(2)
  ;(await reader.get(`Observation/${found.matches()[0]?.id}`)).expect(200)
  expect((await reader.get(`Patient/${child}/$everything`)).expect(200).entries().map(({ resource }) => resource?.resourceType).toSorted()).toEqual(['Observation', 'Observation', 'Patient'])
  // Who names nobody reads their own.
  expect((await reader.get('Observation')).expect(200).total).toBe(1)
  expect((await observations(reader, parent)).expect(200).total).toBe(1)
  expect((await reader.get(`Observation?patient=${child},${parent}`)).expect(200).total).toBe(3)
  await started.node.desk.dismissDelegate(child, did)
  ;(await observations(reader, child)).expect(403)
  ;(await reader.get(`Observation/${found.matches()[0]?.id}`)).expect(404)
  expect((await reader.get('Observation')).expect(200).total).toBe(1)
})

it('is limited to the categories and labels that were named; appointing again replaces them', async () => {
  const { child, did, reader } = await family()
  await started.node.desk.appointDelegate(child, did, { ...scope, categories: ['laboratory'], labels: ['hiv'] })
  expect((await observations(reader, child)).expect(200).total).toBe(2)
  await started.node.desk.appointDelegate(child, did, { ...scope, categories: ['vital-signs'] })
  expect((await observations(reader, child)).expect(200).total).toBe(1)
})

it('a denial that names the delegate wins, and nobody else is let in', async () => {
  const { child, did, reader } = await family()
  const stranger = await family()
  await started.node.desk.appointDelegate(child, did, scope)
  ;(await observations(stranger.reader, child)).expect(403)
  ;(await observations(reader, stranger.child)).expect(403)
  await grantTerms(started, child, { effect: 'deny', grantee: { kind: 'person', did } })
  ;(await observations(reader, child)).expect(403)
})

it("stands in the patient's list as the delegate's", async () => {
  const { child, did, reader } = await family()
  await started.node.desk.appointDelegate(child, did, scope)
  ;(await observations(reader, child)).expect(200)
  await started.flush()
  const [shown, opened, appointed] = started.node.desk.audit(child)
  expect(appointed).toMatchObject({ who: expect.stringMatching(/^patient /), what: expect.stringContaining(`let ${did} act in the patient's place`) })
  expect(opened).toMatchObject({ who: `delegate (${did})`, organisation: 'lakeside', rule: `delegation ${appointed?.rule}` })
  expect(shown).toMatchObject({ who: `delegate (${did})`, what: expect.stringContaining('laboratory (1)') })
  const self = await started.asPatient(child)
  const events = (await self.get(`AuditEvent?patient=${child}&_count=100`)).expect(200).matches() as (Resource & { agent: { who: { type: string; display: string; identifier: { value: string } } }[] })[]
  const whose = events.map(({ agent }) => agent[0]?.who).filter((who) => who?.identifier.value === did)
  expect(whose).toHaveLength(2)
  expect(whose[0]).toMatchObject({ type: 'Patient', display: `another person (${did})` })
})

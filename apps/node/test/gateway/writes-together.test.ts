import { records } from '@chiron/ledger'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { planWrite, surroundingsIn, type PlannedWrite } from '../../src/gateway/fhir/plan.ts'
import { NOTHING_ASSIGNED } from '../../src/gateway/fhir/references.ts'
import { commit } from '../../src/gateway/fhir/unit.ts'
import type { Reader } from '../../src/gateway/reader.ts'
import type { Client } from './client.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { observation, patient } from './resources.ts'

const WRITES = 24

let started: TestNode
let physician: Client
let nurse: Client
let id: string

beforeAll(async () => {
  started = await startTestNode()
  physician = await started.as('riverside', 'physician')
  nurse = await started.as('riverside', 'nurse')
  id = (await physician.create(patient())).expect(201).resource.id
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

function didOf(name: string): string {
  return started.node.identities.users.find(({ organisation, user }) => organisation === 'riverside' && user === name)?.did ?? ''
}

it('requests that come together share ledger transactions; each is answered, recorded and found as its own', async () => {
  const { engine } = started.node
  const before = engine.status().txCount
  const answers = await Promise.all(
    Array.from({ length: WRITES }, async (_, number) => await (number % 2 === 0 ? physician : nurse).create(observation(id, 'laboratory', { note: [{ text: `note ${number}` }] }))),
  )
  const spent = engine.status().txCount - before
  expect(spent).toBeGreaterThan(0)
  expect(spent).toBeLessThan(WRITES / 2)
  const { vocabulary } = started.gateway('riverside').services
  for (const [number, answer] of answers.entries()) {
    const { resource, receipt } = answer.expect(201)
    expect(resource['note']).toEqual([{ text: `note ${number}` }])
    expect(receipt).not.toBeNull()
    const head = records.recordHead(engine.state, vocabulary.record('Observation', resource.id))
    expect(head?.entry.recorder).toBe(didOf(number % 2 === 0 ? 'physician' : 'nurse'))
    expect((await physician.get(`Observation/${resource.id}`)).expect(200).resource.meta.versionId).toBe('1')
  }
})

it('what a contract refuses fails alone: the others of its transaction are written', async () => {
  const { services } = started.gateway('riverside')
  const reader: Reader = { did: didOf('physician') as Reader['did'], user: 'physician', purpose: 'TREAT', scopes: ['user/*.cruds'] }
  const plan = async (): Promise<PlannedWrite> => {
    const body = observation(id, 'laboratory') as unknown as Parameters<typeof planWrite>[3]
    return await planWrite(services, reader, { type: 'Observation', id: services.ids.next() }, body, NOTHING_ASSIGNED, surroundingsIn(services))
  }
  const [occupying, good, stale, alsoGood] = await Promise.all([plan(), plan(), plan(), plan()])
  const wrong = { ...stale, draft: { ...stale.draft, version: 7 } }
  const before = started.node.engine.status().txCount
  const outcomes = await Promise.allSettled([occupying, good, wrong, alsoGood].map(async (write) => await commit(services, reader, [write])))
  expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'written' : (outcome.reason as { code: string }).code))).toEqual(['written', 'written', 'ERR_GATEWAY_CONFLICT', 'written'])
  // The first alone or with the others, then the group that was refused, then three by themselves.
  expect(started.node.engine.status().txCount - before).toBeGreaterThanOrEqual(4)
  for (const { draft } of [good, alsoGood]) expect((await physician.get(`Observation/${draft.id}`)).status).toBe(200)
  expect((await physician.get(`Observation/${stale.draft.id}`)).status).toBe(404)
})

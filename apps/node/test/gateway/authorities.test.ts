import { randomBytes } from 'node:crypto'
import type { Handle, Message, ObjectId, RuleTerms } from '@chiron/protocol'
import { access, consent } from '@chiron/ledger'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { submitMessages, validUntilFrom } from '../../src/ledger/submitter.ts'
import { eventually, type Client, type Resource } from './client.ts'
import { grant, HOUR, organisation, person } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { labelled, observation, patient } from './resources.ts'

let started: TestNode
let hospital: Client
let clinic: Client

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  clinic = await started.as('lakeside', 'physician')
  const subject = started.gateway('lakeside').services.organisation.did
  await started.submit('riverside', [{ type: 'identity.attest', salt: randomBytes(16), subject, role: 'public-health', until: Date.now() + 24 * HOUR }])
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

async function newChart(): Promise<{ readonly id: string; readonly handle: Handle; readonly observations: readonly Resource[] }> {
  const { id } = (await hospital.create(patient())).expect(201).resource
  const observations: Resource[] = []
  for (const category of ['laboratory', 'laboratory', 'vital-signs']) observations.push((await hospital.create(observation(id, category))).expect(201).resource)
  return { id, handle: started.node.desk.handle(id), observations }
}

/** Orders as lakeside; gives the newest order's id. */
async function order(about: Handle | null, fields: Partial<RuleTerms>): Promise<ObjectId> {
  const terms: RuleTerms = {
    effect: 'deny', grantee: organisation(started, 'riverside'), purposes: [], categories: [], labels: [], records: [], actions: ['read'], from: 0, until: null, overrides: null, ...fields,
  }
  const before = new Set([...consent.ordersOf(started.node.engine.state, about)].map(([id]) => String(id)))
  await started.submit('lakeside', [{ type: 'consent.order', salt: randomBytes(16), patient: about, terms, basis: randomBytes(32) }])
  const made = [...consent.ordersOf(started.node.engine.state, about)].find(([id]) => !before.has(String(id)))
  if (made === undefined) throw new TypeError('no order was made')
  return made[0]
}

const lift = async (about: Handle | null, id: ObjectId): Promise<void> => await started.submit('lakeside', [{ type: 'consent.liftOrder', salt: randomBytes(16), patient: about, order: id }])
const total = async (client: Client, query: string): Promise<number | undefined> => (await client.get(query)).expect(200).total

describe('orders', () => {
  it('hide from the author what they deny, and nothing else, until they are lifted', async () => {
    const { id, handle, observations } = await newChart()
    const tag = started.gateway('riverside').services.vocabulary.category(handle, 'laboratory')
    expect(await total(hospital, `Observation?patient=${id}`)).toBe(3)
    const denial = await order(handle, { categories: [tag] })
    await eventually(async () => await total(hospital, `Observation?patient=${id}`)).toBe(1)
    ;(await hospital.get(`Observation/${observations[0]?.id}`)).expect(404)
    ;(await hospital.get(`Observation/${observations[2]?.id}`)).expect(200)
    await lift(handle, denial)
    await eventually(async () => await total(hospital, `Observation?patient=${id}`)).toBe(3)
  })

  it('about everybody hide every chart, and permit where no rule does', async () => {
    const { id, observations } = await newChart()
    const before = (await total(hospital, 'Observation')) ?? 0
    const denial = await order(null, {})
    await eventually(async () => await total(hospital, 'Observation')).toBe(0)
    ;(await hospital.get(`Observation/${observations[0]?.id}`)).expect(404)
    await lift(null, denial)
    await eventually(async () => await total(hospital, 'Observation')).toBe(before)
    const official = await started.as('lakeside', 'physician', { purpose: 'PUBHLTH' })
    ;(await official.get(`Observation?patient=${id}`)).expect(403)
    const permit = await order(null, { effect: 'permit', grantee: organisation(started, 'lakeside'), purposes: ['PUBHLTH'], until: Date.now() + HOUR })
    expect(await total(official, `Observation?patient=${id}`)).toBe(3)
    ;(await clinic.get(`Observation?patient=${id}`)).expect(403)
    await lift(null, permit)
    await eventually(async () => (await official.get(`Observation/${observations[0]?.id}`)).status).not.toBe(200)
  })
})

describe('an emergency', () => {
  it('opens what is denied and labelled, says so in the list, and closes when it is contested', async () => {
    const { id, handle, observations } = await newChart()
    await hospital.create(observation(id, 'laboratory', labelled('HIV')))
    await grant(started, id, { effect: 'deny', to: organisation(started, 'lakeside') })
    const urgent = await started.as('lakeside', 'physician', { purpose: 'BTG' })
    ;(await urgent.get(`Observation?patient=${id}`)).expect(403)
    const reader = person(started, 'lakeside', 'physician').did
    await started.submit('lakeside', [{ type: 'access.breakGlass', salt: randomBytes(16), patient: handle, reader, reason: 'danger-to-life' }])
    expect(await total(urgent, `Observation?patient=${id}`)).toBe(4)
    ;(await urgent.get(`Observation/${observations[0]?.id}`)).expect(200)
    ;(await clinic.get(`Observation?patient=${id}`)).expect(403)
    const [emergency] = access.emergenciesOf(started.node.engine.state, handle)
    const kinds = [...access.accessEntries(started.node.engine.state, handle)].map(([, entry]) => entry.kind)
    expect(kinds).toContain('emergency')
    const wallet = await started.node.wallets.signerFor(id)
    if (wallet === undefined || emergency === undefined) throw new TypeError('no wallet or emergency')
    const message: Message = { type: 'access.contestEmergency', salt: randomBytes(16), patient: handle, emergency: emergency.id }
    await submitMessages(started.node.engine, wallet, [message], validUntilFrom(started.node.engine, Date.now()))
    await eventually(async () => (await urgent.get(`Observation/${observations[0]?.id}`)).status).not.toBe(200)
    ;(await urgent.get(`Observation?patient=${id}`)).expect(403)
    expect(access.openReviews(started.node.engine.state).map((e) => String(e.id))).toContain(String(emergency.id))
  })
})

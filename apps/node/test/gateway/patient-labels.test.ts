import type { Message } from '@chiron/protocol'
import { consent } from '@chiron/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claim, clientOf, offer } from '../claim/claimed.ts'
import { eventually, type Client } from './client.ts'
import { grant, organisation, recordOf } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { condition, labelled, observation, patient } from './resources.ts'

let started: TestNode
let hospital: Client
let clinic: Client

beforeAll(async () => {
  started = await startTestNode({ keyholders: 4 })
  hospital = await started.as('riverside', 'physician')
  clinic = await started.as('lakeside', 'physician')
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

const admit = async (): Promise<{ person: string; heart: string; drink: string }> => {
  const person = (await hospital.create(patient())).expect(201).resource.id
  const [heart, drink] = [await hospital.create(observation(person, 'laboratory')), await hospital.create(observation(person, 'laboratory'))]
  return { person, heart: heart.expect(201).resource.id, drink: drink.expect(201).resource.id }
}
const seenBy = async (who: Client, person: string): Promise<{ ids: string[]; total: number }> => {
  const answer = (await who.get(`Observation?patient=${person}&_total=accurate`)).expect(200)
  return { ids: answer.matches().map(({ id }) => id).sort(), total: answer.total }
}
const label = async (person: string, record: string, change: 'add' | 'remove', labels = ['substance-use']) =>
  await (await started.asPatient(person)).post('chiron/labels', { record, labels, change }, { 'content-type': 'application/json' })

describe('a label of the patient', () => {
  it('hides the record from who is denied it, at both organisations, in searches and totals; taken off, it is back', async () => {
    const { person, heart, drink } = await admit()
    await grant(started, person, { to: organisation(started, 'lakeside'), labels: ['substance-use'] })
    await grant(started, person, { effect: 'deny', to: { kind: 'role', role: 'physician' }, labels: ['substance-use'] })
    const both = { ids: [heart, drink].sort(), total: 2 }
    for (const who of [hospital, clinic]) expect(await seenBy(who, person)).toEqual(both)

    const row = (await label(person, `Observation/${drink}`, 'add')).expect(200).json
    expect(row).toEqual({ record: recordOf(started, 'Observation', drink), given: [], own: ['substance-use'] })
    for (const who of [hospital, clinic]) {
      await eventually(() => seenBy(who, person)).toEqual({ ids: [heart], total: 1 })
      ;(await who.get(`Observation/${drink}`)).expect(404)
      ;(await who.get(`Observation/${drink}/_history`)).expect(404)
      expect((await who.get(`Observation?patient=${person}&_summary=count`)).expect(200).total).toBe(1)
      expect((await who.get(`Observation?subject:Patient._id=${person}&_id=${drink}`)).expect(200).total).toBe(0)
    }
    const mine = await started.asPatient(person)
    expect(await seenBy(mine, person)).toEqual(both)
    expect((await mine.send('GET', 'chiron/labels', undefined, {})).expect(200).json).toEqual([row])

    ;(await label(person, `Observation/${drink}`, 'remove')).expect(200)
    for (const who of [hospital, clinic]) await eventually(() => seenBy(who, person)).toEqual(both)
    const listed = started.node.desk.audit(person).map(({ what }) => what).filter((what) => what.startsWith('changed the labels'))
    expect(listed).toEqual([`changed the labels of record ${String(row['record'])}: took off substance-use`, `changed the labels of record ${String(row['record'])}: put on substance-use`])
  })

  it('is no way around what an author labelled, nor the author one around the patient', async () => {
    const { person } = await admit()
    const marked = (await hospital.create(condition(person, labelled('SUD')))).expect(201).resource.id
    await grant(started, person, { to: organisation(started, 'lakeside') })
    const reference = `Condition/${marked}`
    ;(await label(person, reference, 'remove')).expect(200)
    ;(await clinic.get(reference)).expect(404)
    ;(await label(person, reference, 'add', ['hiv'])).expect(200)
    await grant(started, person, { to: organisation(started, 'lakeside'), labels: ['substance-use'] })
    const handle = started.node.desk.handle(person)
    const { vocabulary } = started.gateway('riverside').services
    const message: Message = { type: 'records.label', salt: new Uint8Array(16).fill(7), record: vocabulary.record('Condition', marked), labels: [vocabulary.label(handle, 'hiv')], change: 'remove' }
    await started.submit('riverside', [message])
    ;(await clinic.get(reference)).expect(404)
    ;(await label(person, reference, 'remove', ['hiv'])).expect(200)
    await eventually(async () => (await clinic.get(reference)).status).toBe(200)
  })

  it('is put on by nobody else, on nothing else', async () => {
    const { person, heart } = await admit()
    const other = await admit()
    const asked = { record: `Observation/${heart}`, labels: ['hiv'], change: 'add' }
    const json = { 'content-type': 'application/json' }
    ;(await hospital.post('chiron/labels', asked, json)).expect(403)
    ;(await (await started.asPatient(other.person)).post('chiron/labels', asked, json)).expect(404)
    const mine = await started.asPatient(person)
    for (const bad of [{ ...asked, labels: [] }, { ...asked, labels: ['rare'] }, { ...asked, record: 'x' }, { ...asked, change: 'replace' }, { ...asked, more: 1 }, 7]) {
      ;(await mine.post('chiron/labels', bad, json)).expect(400)
    }
    ;(await mine.post('chiron/labels', { ...asked, record: 'Observation/absent' }, json)).expect(404)
  })
})

it('a patient with keys of their own labels with the wallet, and nobody for them', async () => {
  const { person, drink } = await admit()
  const wallet = await claim(started, await offer(started, person))
  const client = clientOf(started, wallet)
  await client.sealCopies()
  const me = await client.ledger.patient()
  const terms = consent.permitTerms(new consent.Vocabulary(me.tagKey), { to: organisation(started, 'lakeside'), until: null })
  await client.submit(consent.grant({ patient: me.handle, terms }))
  ;(await clinic.get(`Observation/${drink}`)).expect(200)
  const chart = await client.chart()
  const opened = await client.open(chart, chart.entries)
  const entry = opened.find(({ resource }) => resource['id'] === drink)?.at
  if (entry === undefined) throw new TypeError('the record is not in the chart')
  await client.label(entry, ['hiv'], 'add')
  await eventually(async () => (await clinic.get(`Observation/${drink}`)).status).toBe(404)
  expect(await client.ledger.labels()).toEqual([{ record: recordOf(started, 'Observation', drink), given: [], own: ['hiv'] }])
  expect((await client.audit()).rows[0]?.fields).toMatchObject({ who: `patient (${wallet.did})`, what: expect.stringContaining('put on hiv') as string })
  await client.label(entry, ['hiv'], 'remove')
  await eventually(async () => (await clinic.get(`Observation/${drink}`)).status).toBe(200)
  await expect(started.node.desk.label(person, entry.entry.record, ['hiv'], 'add')).rejects.toMatchObject({ code: 'ERR_GATEWAY_NOT_FOUND' })
})

import { randomUUID } from 'node:crypto'
import type { Message } from '@chiron/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Client, type Answer, type Resource } from './client.ts'
import { grantTerms, organisation } from './consents.ts'
import { startTestNode, type Organisation, type TestNode, type UserName } from './harness.ts'
import { labelled, observation, patient } from './resources.ts'

const QUARTER_MS = 15 * 60_000
const DAY_MS = 86_400_000

let started: TestNode
let hospital: Client
let clinic: Client
let nurse: Client
let officer: Client

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  clinic = await started.as('lakeside', 'physician')
  nurse = await started.as('lakeside', 'nurse')
  officer = await started.as('riverside', 'admin', { purpose: 'HOPERAT' })
})
afterEach(() => started.setClockAhead(0))
afterAll(async () => {
  await started.close()
  // Of a gateway whose clock is a quarter of an hour ahead the ledger takes no reports; they wait.
  expect(started.failures.filter((each) => !JSON.stringify(each).includes('ERR_ENGINE_TX_INVALID'))).toEqual([])
})

/** A chart of the hospital with one result that is labelled and one that is not; the clinic is denied. */
async function chart(): Promise<string> {
  const { id } = (await hospital.create(patient())).expect(201).resource
  for (const extra of [{}, labelled('HIV')]) (await hospital.create(observation(id, 'laboratory', extra))).expect(201)
  await grantTerms(started, id, { effect: 'deny', grantee: organisation(started, 'lakeside') })
  return id
}

const declare = async (id: string, by: Client = clinic, reason: string = 'danger-to-life'): Promise<Answer> => await by.post('chiron/emergencies', { patient: id, reason })
const act = async (by: Client, emergency: unknown, what: string, body: object = {}): Promise<Answer> => await by.post(`chiron/emergencies/${String(emergency)}/${what}`, body)
const listed = async (by: Client): Promise<Record<string, unknown>[]> => (await by.send('GET', 'chiron/emergencies', undefined, {})).expect(200).json['emergencies'] as Record<string, unknown>[]
const observations = async (by: Client, id: string): Promise<Answer> => await by.get(`Observation?patient=${id}`)
/** A client with the token that came with a declaration. */
const urgent = (declared: Answer, at: Organisation = 'lakeside'): Client => new Client(`${started.url}/${at}`, String(declared.json['access_token']))
const words = async (id: string): Promise<string[]> => started.node.desk.audit(id).map((row) => row.what)

describe('breaking the glass', () => {
  it('opens what is denied and labelled to who declared it, for reading, until it runs out', async () => {
    const id = await chart()
    ;(await observations(clinic, id)).expect(403)
    const declared = (await declare(id)).expect(201)
    expect(declared.headers.get('cache-control')).toBe('no-store')
    expect(declared.json).toMatchObject({
      patient: id, who: 'physician of lakeside', organisation: 'lakeside', reason: 'danger-to-life', status: 'unconfirmed', confirmedBy: null, review: 'waiting', contested: false,
      token_type: 'Bearer', expires_in: 3600,
    })
    expect(Number(declared.json['untilMs']) - Number(declared.json['declaredMs'])).toBe(QUARTER_MS)
    expect((await observations(urgent(declared), id)).expect(200).total).toBe(2)
    ;(await urgent(declared).create(observation(id, 'laboratory'))).expect(403)
    ;(await observations(clinic, id)).expect(403)
    ;(await observations(nurse, id)).expect(403)
    started.setClockAhead(QUARTER_MS)
    ;(await observations(urgent(declared), id)).expect(403)
    ;(await act(nurse, declared.json['emergency'], 'confirm')).expect(409)
  })

  it('goes on once another clinician of the organisation confirms it', async () => {
    const id = await chart()
    const declared = (await declare(id)).expect(201)
    const { emergency } = declared.json
    expect(await listed(nurse)).toContainEqual(expect.objectContaining({ emergency, patient: id, status: 'unconfirmed' }))
    ;(await act(clinic, emergency, 'confirm')).expect(403)
    ;(await act(hospital, emergency, 'confirm')).expect(403)
    ;(await act(await started.as('lakeside', 'admin'), emergency, 'confirm')).expect(403)
    const confirmed = (await act(nurse, emergency, 'confirm')).expect(200)
    expect(confirmed.json).toMatchObject({ emergency, status: 'confirmed', confirmedBy: 'nurse of lakeside' })
    expect(Number(confirmed.json['untilMs']) - Number(confirmed.json['declaredMs'])).toBe(DAY_MS)
    ;(await act(nurse, emergency, 'confirm')).expect(409)
    started.setClockAhead(QUARTER_MS)
    expect((await observations(urgent(declared), id)).expect(200).total).toBe(2)
  })

  it('again while it lasts declares nothing anew, and gives a token', async () => {
    const id = await chart()
    const { emergency } = (await declare(id)).expect(201).json
    const again = (await declare(`Patient/${id}`, clinic, 'disaster')).expect(200)
    expect(again.json).toMatchObject({ emergency, reason: 'danger-to-life' })
    expect((await observations(urgent(again), id)).expect(200).total).toBe(2)
    expect((await words(id)).filter((what) => what.startsWith('declared an emergency'))).toHaveLength(1)
  })

  it('is reviewed once, by a privacy officer of another organisation, and ends when it was not justified', async () => {
    const id = await chart()
    const declared = (await declare(id)).expect(201)
    const { emergency } = declared.json
    const waiting = (await listed(officer)).find((row) => row['emergency'] === emergency)
    expect(waiting).toMatchObject({ patient: null, who: 'physician of lakeside', review: 'waiting' })
    expect((await listed(hospital)).map((row) => row['emergency'])).not.toContain(emergency)
    ;(await act(hospital, emergency, 'review', { outcome: 'justified' })).expect(403)
    ;(await act(await started.as('lakeside', 'admin'), emergency, 'review', { outcome: 'justified' })).expect(403)
    ;(await act(officer, emergency, 'review', { outcome: 'fine' })).expect(400)
    ;(await observations(urgent(declared), id)).expect(200)
    expect((await act(officer, emergency, 'review', { outcome: 'unjustified' })).expect(200).json).toMatchObject({ status: 'ended', review: 'unjustified', reviewedBy: 'admin of riverside' })
    ;(await act(officer, emergency, 'review', { outcome: 'justified' })).expect(409)
    ;(await observations(urgent(declared), id)).expect(403)
    ;(await declare(id)).expect(409)
    expect((await listed(officer)).map((row) => row['emergency'])).not.toContain(emergency)
  })

  it('is for clinicians who treat, with a coded reason', async () => {
    const id = await chart()
    for (const [organisationName, user, purpose] of [['lakeside', 'admin', 'TREAT'], ['lakeside', 'physician', 'HPAYMT'], ['lakeside', 'physician', 'CLINTRL']] satisfies [Organisation, UserName, string][]) {
      const reader = await started.as(organisationName, user, { purpose })
      expect((await declare(id, reader)).expect(403).text).toBe((await declare(randomUUID(), reader)).expect(403).text)
    }
    ;(await declare(id, await started.asPatient(id, 'lakeside'))).expect(403)
    const missing = (await clinic.post('chiron/emergencies', { patient: id })).expect(400)
    expect(missing.outcome.issue[0]?.diagnostics).toContain('danger-to-life, cannot-be-asked, danger-to-others, disaster')
    ;(await declare(id, clinic, 'curiosity')).expect(400)
    ;(await act(nurse, randomUUID(), 'confirm')).expect(404)
    ;(await act(nurse, '0'.repeat(32), 'confirm')).expect(404)
    ;(await declare(id, started.anonymous('lakeside'))).expect(401)
    expect((await words(id)).join()).not.toContain('emergency')
  })
})

describe('what stays closed in an emergency', () => {
  it('stays closed: what the patient denies absolutely, and nobody is told whether there is such a patient', async () => {
    const id = await chart()
    await grantTerms(started, id, { effect: 'deny', grantee: { kind: 'anyone' }, absolute: true })
    const hidden = (await declare(id)).expect(403)
    const absent = (await declare(randomUUID())).expect(403)
    expect(hidden.text).toBe(absent.text)
    await started.flush()
    expect(started.node.desk.audit(id)[0]).toMatchObject({ what: 'was refused once to read', purpose: 'BTG', organisation: 'lakeside' })
    const refused = await started.as('lakeside', 'physician', { purpose: 'BTG' })
    expect((await observations(refused, id)).expect(403).text).toBe((await observations(refused, randomUUID())).expect(403).text)
  })

  it('opens the rest', async () => {
    const id = await chart()
    const category = started.gateway('riverside').services.vocabulary.category(started.node.desk.handle(id), 'laboratory')
    await grantTerms(started, id, { effect: 'deny', grantee: { kind: 'anyone' }, categories: [category], absolute: true })
    const reading = urgent((await declare(id)).expect(201))
    expect((await observations(reading, id)).expect(200).total).toBe(0)
    ;(await reading.get(`Patient/${id}`)).expect(200)
  })
})

describe('a refusal', () => {
  it('tells a clinician how the glass is broken, about any patient in the same words, and nobody else', async () => {
    const id = await chart()
    const told = (await observations(clinic, id)).expect(403)
    expect(told.text).toBe((await observations(clinic, randomUUID())).expect(403).text)
    expect(told.outcome.issue.map(({ severity, code }) => [severity, code])).toEqual([['error', 'forbidden'], ['information', 'informational']])
    expect(told.outcome.issue[1]?.diagnostics).toContain(`POST ${started.url}/lakeside/chiron/emergencies`)
    const batch = (await clinic.post('fhir', { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: `Patient/${id}` } }] })).expect(200)
    expect(JSON.stringify(batch.entries()[0]?.response?.outcome)).toContain('chiron/emergencies')
    for (const other of [await started.as('lakeside', 'admin'), await started.as('lakeside', 'physician', { purpose: 'HPAYMT' })]) {
      expect((await observations(other, id)).expect(403).outcome.issue).toHaveLength(1)
    }
  })
})

describe('the patient', () => {
  it('reads who broke the glass, why, who confirmed it and what the review said; and contests it', async () => {
    const id = await chart()
    const self = await started.asPatient(id)
    const declared = (await declare(id)).expect(201)
    const { emergency } = declared.json
    ;(await act(nurse, emergency, 'confirm')).expect(200)
    ;(await observations(urgent(declared), id)).expect(200)
    await started.flush()
    ;(await act(officer, emergency, 'review', { outcome: 'justified' })).expect(200)
    expect(await listed(self)).toMatchObject([{ emergency, who: 'physician of lakeside', reason: 'danger-to-life', confirmedBy: 'nurse of lakeside', review: 'justified', reviewedBy: 'admin of riverside' }])
    const told = (await words(id)).slice(0, 5).toReversed()
    expect(told[0]).toMatch(/^declared an emergency \(danger to life or health\), until /)
    expect(told.slice(1).map((what) => what.split(/[:,]/)[0])).toEqual(['opened access to read', 'confirmed the emergency', 'was shown laboratory (2)', 'reviewed the emergency'])

    await started.node.desk.contestEmergency(id, Buffer.from(String(emergency), 'hex') as unknown as Extract<Message, { type: 'access.contestEmergency' }>['emergency'])
    ;(await observations(urgent(declared), id)).expect(403)
    expect(await listed(self)).toMatchObject([{ status: 'ended', contested: true, review: 'waiting' }])
    // Who judged it before does not judge the dispute.
    ;(await act(officer, emergency, 'review', { outcome: 'justified' })).expect(403)

    const events = (await self.get(`AuditEvent?patient=${id}&_count=100`)).expect(200).matches() as (Resource & { subtype: { code: string }[]; purposeOfEvent: { coding: { code: string }[] }[] })[]
    const ofEmergency = events.filter(({ purposeOfEvent }) => purposeOfEvent[0]?.coding[0]?.code === 'BTG').map(({ subtype }) => subtype.map(({ code }) => code).join(' '))
    expect(ofEmergency.filter((each) => each !== 'read refusal').toReversed()).toEqual(['110127 emergency', 'read open', 'confirmation', 'read report', 'review', '110138 dispute', 'close'])
  })
})

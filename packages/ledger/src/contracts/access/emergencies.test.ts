import { derivedId, type MessageOf } from '@chiron/protocol'
import { expect, test } from 'vitest'
import {
  ada, ben, DAY_MS, doctor, entry, handleFor, individual, lakeside, msg, nurse, objectFor, openMsg, organisation, outsider, person, populated, putMsg, refusalLedger, registerMsg, riverside,
  surgeon, tagFor, terms, type ContractChain, type Outcome, type Person,
} from '../../../test/contract-chain.ts'
import { access, identity } from '../index.ts'

const { refused, unprovoked } = refusalLedger(access.accessErrors)
const patient = ada.handle
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const made = (outcome: Outcome, item = 0) => derivedId(outcome.txId, 0, item)
const breakMsg = (reader: Person = doctor, fields: Partial<MessageOf<'access.breakGlass'>> = {}) =>
  msg('access.breakGlass', { patient, reader: reader.did, reason: 'danger-to-life', ...fields })
const confirmMsg = (emergency: ReturnType<typeof objectFor>, confirmer: Person = nurse, about = patient) =>
  msg('access.confirmEmergency', { patient: about, emergency, confirmer: confirmer.did })
const reviewMsg = (emergency: ReturnType<typeof objectFor>, outcome: 'justified' | 'unjustified' = 'justified', reviewer: Person = surgeon) =>
  msg('access.reviewEmergency', { patient, emergency, outcome, reviewer: reviewer.did })
const contestMsg = (emergency: ReturnType<typeof objectFor>) => msg('access.contestEmergency', { patient, emergency })
const listed = (chain: ContractChain) => [...access.accessEntries(chain.state, patient)].map(([, e]) => e)
const secondSurgeon = person('practitioner', 'riverside second surgeon')

/** Ada, with a record of riverside's and a denial of lakeside; a second professional at riverside. */
function hospital(options: Parameters<typeof populated>[0] = {}): ContractChain {
  const chain = populated(options)
  const until = chain.timeMs + 300 * DAY_MS
  chain.do(riverside, registerMsg('practitioner', secondSurgeon), msg('identity.attest', { subject: secondSurgeon.did, role: 'physician', until }))
  chain.do(secondSurgeon, msg('identity.delegate', { to: riverside.did, purposes: [], until }))
  chain.do(riverside, putMsg([entry('glucose'), entry('hiv test', { labels: [tagFor('hiv')] })]))
  chain.do(ada, msg('consent.grant', { patient, terms: terms({ effect: 'deny', grantee: organisation(lakeside), purposes: [] }) }))
  return chain
}

test('breaking the glass opens at once, past denials and labels, until it is confirmed or the time is over', () => {
  const chain = hospital()
  const outcome = chain.do(lakeside, breakMsg())
  const [emergency, opened] = [made(outcome), made(outcome, 1)]
  const confirmBy = chain.timeMs + 15 * MINUTE_MS
  expect(outcome.events.map((e) => e.type)).toEqual(['access.emergencyDeclared', 'access.opened'])
  expect(listed(chain).slice(-2)).toMatchObject([
    { kind: 'emergency', emergency, reader: doctor.did, organisation: lakeside.did, reason: 'danger-to-life', untilMs: confirmBy },
    { kind: 'open', access: opened, purpose: 'BTG', action: 'read', tier: '4', rules: [emergency], untilMs: confirmBy },
  ])
  expect(access.emergency(chain.state, patient, emergency)).toMatchObject({ review: null, confirmation: null, endMs: chain.timeMs + DAY_MS })
  expect([chain.covers(opened, 'glucose'), chain.covers(opened, 'hiv test')]).toEqual([true, true])
  chain.pass(10 * MINUTE_MS)
  chain.do(lakeside, confirmMsg(emergency))
  const end = confirmBy - 15 * MINUTE_MS + DAY_MS
  expect(listed(chain).at(-1)).toEqual({ kind: 'confirmation', timeMs: chain.timeMs, emergency, confirmer: nurse.did, organisation: lakeside.did, untilMs: end })
  expect(access.access(chain.state, opened)).toMatchObject({ open: true, untilMs: end })
  chain.checkInvariants()
  chain.pass(23 * HOUR_MS)
  expect(chain.covers(opened, 'glucose')).toBe(true)
  chain.pass(HOUR_MS)
  expect(chain.covers(opened, 'glucose')).toBe(false)
  chain.checkInvariants()
})

test('a confirmation extends nothing for a clinician who lost the role meanwhile', () => {
  const chain = hospital()
  const outcome = chain.do(lakeside, breakMsg())
  const [emergency, opened] = [made(outcome), made(outcome, 1)]
  const confirmBy = chain.timeMs + 15 * MINUTE_MS
  for (const { id } of identity.attestationsOf(chain.state, doctor.did, chain.timeMs)) chain.do(lakeside, msg('identity.revokeAttestation', { attestation: id }))
  chain.do(lakeside, confirmMsg(emergency))
  expect(access.access(chain.state, opened)).toMatchObject({ open: true, untilMs: confirmBy })
  expect(chain.covers(opened, 'glucose')).toBe(false)
})

test('unconfirmed it is over after a quarter of an hour, and the same reader declares none for a day', () => {
  const chain = hospital()
  const outcome = chain.do(lakeside, breakMsg())
  chain.pass(15 * MINUTE_MS)
  expect(chain.covers(made(outcome, 1), 'glucose')).toBe(false)
  refused(chain.submit(lakeside, confirmMsg(made(outcome))), 'emergencyOver')
  refused(chain.submit(lakeside, breakMsg()), 'declaredBefore')
  // Another clinician may, and the same about another patient.
  chain.do(lakeside, breakMsg(nurse))
  chain.do(lakeside, breakMsg(doctor, { patient: ben.handle }))
  chain.pass(DAY_MS)
  chain.do(lakeside, breakMsg())
  expect(access.openReviews(chain.state)).toHaveLength(4)
  chain.checkInvariants()
})

test('while it lasts it is declared once: the access is kept, or opened again', () => {
  const chain = hospital()
  const first = chain.do(lakeside, breakMsg())
  const size = chain.state.listSize('accesses', patient)
  expect(chain.do(lakeside, breakMsg()).events.map((e) => e.type)).toEqual(['access.kept'])
  expect(chain.state.listSize('accesses', patient)).toBe(size)
  chain.do(ada, msg('access.close', { patient, access: made(first, 1) }))
  const again = chain.do(lakeside, breakMsg())
  expect(again.events.map((e) => e.type)).toEqual(['access.opened'])
  expect(access.access(chain.state, made(again, 1))).toMatchObject({ tier: '4', rules: [made(first)] })
  expect(access.emergenciesOf(chain.state, patient)).toHaveLength(1)
})

test('the emergency permits reading alone, for the reader who declared it and for emergencies', () => {
  const chain = hospital()
  const emergency = made(chain.do(lakeside, breakMsg()))
  expect(access.access(chain.state, made(chain.do(lakeside, openMsg(doctor, { purpose: 'ETREAT' }))))).toMatchObject({ tier: '4', rules: [emergency] })
  for (const opening of [openMsg(doctor), openMsg(doctor, { purpose: 'BTG', action: 'write' }), openMsg(nurse, { purpose: 'BTG' })]) {
    refused(chain.submit(lakeside, opening), 'denied')
  }
  // Confirmed, both of its accesses go on to its end.
  chain.do(lakeside, confirmMsg(emergency))
  expect(access.openAccessesOf(chain.state, patient).map((a) => a.untilMs - chain.timeMs > 20 * HOUR_MS)).toEqual([true, true])
  chain.checkInvariants()
})

test('an order and an absolute denial stand in an emergency', () => {
  const chain = hospital()
  chain.do(ada, msg('consent.grant', { patient, terms: terms({ effect: 'deny', grantee: { kind: 'anyone' }, purposes: [], categories: [tagFor('laboratory')], absolute: true }) }))
  const opened = made(chain.do(lakeside, breakMsg()), 1)
  expect(chain.covers(opened, 'glucose')).toBe(false)
  chain.do(riverside, msg('identity.attest', { subject: riverside.did, role: 'regulator', until: chain.timeMs + DAY_MS }))
  chain.do(riverside, msg('consent.order', { patient, basis: new Uint8Array(32), terms: terms({ effect: 'deny', grantee: organisation(lakeside), purposes: [] }) }))
  expect(access.access(chain.state, opened)?.open).toBe(false)
  refused(chain.submit(lakeside, breakMsg(nurse)), 'denied')
  expect(access.emergenciesOf(chain.state, patient)).toHaveLength(1)
})

test('who may declare', () => {
  const chain = hospital()
  refused(chain.submit(outsider, breakMsg()), 'notMember')
  refused(chain.submit(doctor, breakMsg()), 'notMember')
  refused(chain.submit(lakeside, breakMsg(doctor, { patient: handleFor('nobody') })), 'unknownPatient')
  refused(chain.submit(lakeside, breakMsg(doctor, { patient: riverside.handle })), 'unknownPatient')
  refused(chain.submit(lakeside, breakMsg(surgeon)), 'notClinician')
  refused(chain.submit(lakeside, breakMsg(ada)), 'notClinician')
  refused(chain.submit(lakeside, breakMsg(lakeside)), 'notClinician')
  const clerk = person('practitioner', 'lakeside clerk')
  const until = chain.timeMs + 300 * DAY_MS
  chain.do(lakeside, registerMsg('practitioner', clerk), msg('identity.attest', { subject: clerk.did, role: 'insurer', until }))
  chain.do(clerk, msg('identity.delegate', { to: lakeside.did, purposes: [], until }))
  refused(chain.submit(lakeside, breakMsg(clerk)), 'notClinician')
  chain.do(lakeside, msg('identity.suspend', { did: doctor.did, suspended: true }))
  refused(chain.submit(lakeside, breakMsg()), 'notClinician')
  chain.do(lakeside, msg('identity.suspend', { did: doctor.did, suspended: false }))
  chain.do(doctor, msg('identity.revokeDelegation', { to: lakeside.did }))
  refused(chain.submit(lakeside, breakMsg()), 'notClinician')
  // A delegation for treatment does not reach as far as breaking the glass.
  chain.do(doctor, msg('identity.delegate', { to: lakeside.did, purposes: ['TREAT'], until }))
  refused(chain.submit(lakeside, breakMsg()), 'invalid')
})

test('who may confirm', () => {
  const chain = hospital()
  const emergency = made(chain.do(lakeside, breakMsg()))
  refused(chain.submit(lakeside, confirmMsg(objectFor('none'))), 'unknownEmergency')
  refused(chain.submit(lakeside, confirmMsg(emergency, nurse, ben.handle)), 'unknownEmergency')
  refused(chain.submit(riverside, confirmMsg(emergency, surgeon)), 'notDeclarer')
  refused(chain.submit(nurse, confirmMsg(emergency)), 'notDeclarer')
  refused(chain.submit(lakeside, confirmMsg(emergency, doctor)), 'notAnother')
  refused(chain.submit(lakeside, confirmMsg(emergency, surgeon)), 'notClinician')
  chain.do(lakeside, confirmMsg(emergency))
  refused(chain.submit(lakeside, confirmMsg(emergency)), 'alreadyConfirmed')
})

test('a review by another organisation closes the item; an unjustified emergency ends', () => {
  const chain = hospital()
  const outcome = chain.do(lakeside, breakMsg())
  const [emergency, opened] = [made(outcome), made(outcome, 1)]
  refused(chain.submit(lakeside, reviewMsg(emergency, 'justified', nurse)), 'notIndependent')
  refused(chain.submit(outsider, reviewMsg(emergency)), 'notMember')
  refused(chain.submit(riverside, reviewMsg(emergency, 'justified', doctor)), 'notProfessional')
  refused(chain.submit(riverside, reviewMsg(emergency, 'justified', riverside)), 'notProfessional')
  refused(chain.submit(riverside, reviewMsg(objectFor('none'))), 'unknownEmergency')
  chain.do(riverside, reviewMsg(emergency))
  expect(access.openReviews(chain.state)).toEqual([])
  expect(access.access(chain.state, opened)?.open).toBe(true)
  expect(listed(chain).at(-1)).toEqual({ kind: 'review', timeMs: chain.timeMs, emergency, reviewer: surgeon.did, organisation: riverside.did, outcome: 'justified' })
  refused(chain.submit(riverside, reviewMsg(emergency)), 'reviewClosed')
  const second = chain.do(lakeside, breakMsg(nurse))
  chain.do(lakeside, confirmMsg(made(second), doctor))
  chain.do(riverside, reviewMsg(made(second), 'unjustified'))
  expect(access.access(chain.state, made(second, 1))?.open).toBe(false)
  expect(access.emergency(chain.state, patient, made(second))?.endedMs).toBe(chain.timeMs)
  refused(chain.submit(lakeside, breakMsg(nurse)), 'declaredBefore')
  refused(chain.submit(lakeside, confirmMsg(made(second), doctor)), 'emergencyOver')
  chain.checkInvariants()
})

test('the patient contests: the access ends, the review is open for somebody else', () => {
  const chain = hospital({ sample: false })
  const outcome = chain.do(lakeside, breakMsg())
  const [emergency, opened] = [made(outcome), made(outcome, 1)]
  for (const signer of [ben, riverside, lakeside, doctor]) refused(chain.submit(signer, contestMsg(emergency)), 'notPatient')
  refused(chain.submit(ada, contestMsg(objectFor('none'))), 'unknownEmergency')
  chain.do(ada, contestMsg(emergency))
  expect(access.access(chain.state, opened)?.open).toBe(false)
  expect(listed(chain).slice(-2)).toMatchObject([{ kind: 'dispute', emergency }, { kind: 'close', access: opened, reason: 'no-basis' }])
  refused(chain.submit(ada, contestMsg(emergency)), 'alreadyContested')
  refused(chain.submit(lakeside, breakMsg()), 'declaredBefore')
  chain.do(riverside, reviewMsg(emergency))
  chain.do(ada, contestMsg(emergency))
  refused(chain.submit(riverside, reviewMsg(emergency)), 'notIndependent')
  chain.do(riverside, reviewMsg(emergency, 'unjustified', secondSurgeon))
  expect(access.openReviews(chain.state)).toEqual([])
  chain.pass(90 * DAY_MS)
  refused(chain.submit(ada, contestMsg(emergency)), 'contestTooLate')
  chain.checkInvariants()
})

test('what is reviewed and long over is settled, and a dispute takes it up again', () => {
  const chain = hospital()
  const emergency = made(chain.do(lakeside, breakMsg()))
  chain.do(riverside, reviewMsg(emergency))
  chain.pass(2 * DAY_MS)
  chain.do(lakeside, breakMsg(nurse))
  expect(chain.state.fact(access.emergencyKey(patient, emergency))).toBeUndefined()
  expect(access.emergenciesOf(chain.state, patient)).toHaveLength(2)
  refused(chain.submit(riverside, reviewMsg(emergency)), 'reviewClosed')
  chain.do(ada, contestMsg(emergency))
  expect(chain.state.fact(access.emergencyKey(patient, emergency))).toBeDefined()
  expect(access.openReviews(chain.state)).toHaveLength(2)
  chain.checkInvariants()
})

test('parameters bound how long it may wait and last', () => {
  const chain = hospital()
  chain.do(riverside, msg('network.setParameter', { name: 'emergencyConfirmMs', value: 2 * MINUTE_MS }), msg('network.setParameter', { name: 'maxEmergencyMs', value: HOUR_MS }))
  const outcome = chain.do(lakeside, breakMsg())
  expect(access.access(chain.state, made(outcome, 1))?.untilMs).toBe(chain.timeMs + 2 * MINUTE_MS)
  const end = chain.timeMs + HOUR_MS
  chain.do(lakeside, confirmMsg(made(outcome)))
  expect(access.access(chain.state, made(outcome, 1))?.untilMs).toBe(end)
})

test('a second person’s endorsement is what a rule may ask for, and bounds its accesses', () => {
  const chain = populated()
  const endorseMsg = (fields: Partial<MessageOf<'access.endorse'>> = {}) =>
    msg('access.endorse', { patient, reader: doctor.did, purpose: 'TREAT', endorser: nurse.did, until: chain.timeMs + HOUR_MS, ...fields })
  chain.do(ada, msg('consent.grant', { patient, terms: terms({ grantee: individual(doctor), conditions: [{ kind: 'second-person' }] }) }))
  refused(chain.submit(lakeside, openMsg(doctor)), 'denied')
  refused(chain.submit(outsider, endorseMsg()), 'notMember')
  refused(chain.submit(lakeside, endorseMsg({ patient: lakeside.handle })), 'unknownPatient')
  refused(chain.submit(lakeside, endorseMsg({ endorser: doctor.did })), 'notAnother')
  refused(chain.submit(lakeside, endorseMsg({ endorser: surgeon.did })), 'notProfessional')
  refused(chain.submit(lakeside, endorseMsg({ reader: surgeon.did })), 'notProfessional')
  refused(chain.submit(lakeside, endorseMsg({ until: chain.timeMs })), 'endNotAllowed')
  refused(chain.submit(lakeside, endorseMsg({ until: chain.timeMs + 13 * HOUR_MS })), 'endNotAllowed')
  const until = chain.timeMs + HOUR_MS
  chain.do(lakeside, endorseMsg({ until }))
  expect(listed(chain).at(-1)).toEqual({
    kind: 'endorsement', timeMs: chain.timeMs, reader: doctor.did, organisation: lakeside.did, purpose: 'TREAT', endorser: nurse.did, untilMs: until,
  })
  refused(chain.submit(lakeside, endorseMsg({ until: until - 1 })), 'endNotAllowed')
  const opened = made(chain.do(lakeside, openMsg(doctor)))
  expect(access.access(chain.state, opened)?.untilMs).toBe(until)
  refused(chain.submit(lakeside, openMsg(doctor, { purpose: 'ETREAT' })), 'denied')
  chain.pass(HOUR_MS)
  refused(chain.submit(lakeside, openMsg(doctor)), 'denied')
  chain.checkInvariants()
})

test('a patient has 256 endorsements at most, of which those that ran out make room', () => {
  const chain = populated()
  const staff = Array.from({ length: 256 }, (_, i) => person('practitioner', `lakeside staff ${i}`))
  const until = chain.timeMs + 300 * DAY_MS
  for (let i = 0; i < 256; i += 64) {
    const some = staff.slice(i, i + 64)
    chain.do(lakeside, ...some.map((who) => registerMsg('practitioner', who)))
    chain.do(lakeside, ...some.map((who) => msg('identity.attest', { subject: who.did, role: 'nurse', until })))
    for (const who of some) chain.do(who, msg('identity.delegate', { to: lakeside.did, purposes: [], until }))
  }
  const endorse = (who: Person) => msg('access.endorse', { patient, reader: who.did, purpose: 'TREAT', endorser: doctor.did, until: chain.timeMs + HOUR_MS })
  chain.do(lakeside, ...staff.map(endorse))
  refused(chain.submit(lakeside, endorse(nurse)), 'tooManyEndorsements')
  chain.pass(HOUR_MS)
  chain.do(lakeside, endorse(nurse))
  expect([...access.endorsementsOf(chain.state, patient)]).toHaveLength(1)
  chain.checkInvariants()
})

test('every refusal of emergencies and endorsements was provoked', () => {
  const elsewhere = ['tooManyOpen', 'unknownAccess', 'notOpen', 'notAuthorised', 'notOwnReader', 'countOutOfBounds', 'categoryRepeated', 'tooManyReports']
  expect(unprovoked()).toEqual(elsewhere)
})

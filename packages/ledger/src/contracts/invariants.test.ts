import { derivedId, toHex, utf8, type ObjectId } from '@chiron/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  ada, ben, CHAIN_ID, DAY_MS, doctor, entry, handleFor, individual, keyFor, lakeside, msg, nurse, objectFor, openMsg, organisation, person, populated, putMsg, recordFor,
  riverside, surgeon, terms, type ContractChain,
} from '../../test/contract-chain.ts'
import { Overlay } from '../state/overlay.ts'
import * as emergencies from './access/emergency-state.ts'
import * as endorsements from './access/endorsement-state.ts'
import * as access from './access/state.ts'
import * as delegates from './consent/delegate-state.ts'
import * as orders from './consent/order-state.ts'
import * as consent from './consent/state.ts'
import * as custody from './custody/state.ts'
import * as identity from './identity/state.ts'
import * as network from './network/state.ts'
import * as records from './records/state.ts'

const patient = ada.handle
let chain: ContractChain
let emergency: ObjectId
let order: ObjectId
let everybody: ObjectId

/** Something of everything. */
beforeAll(() => {
  chain = populated()
  const until = chain.timeMs + DAY_MS
  chain.do(riverside, msg('identity.attest', { subject: lakeside.did, role: 'public-health', until }))
  chain.do(riverside, putMsg([entry('glucose'), entry('other', { subjects: [ben.handle] })]))
  chain.do(riverside, putMsg([entry('glucose', { version: 2 })]))
  chain.do(ada, msg('consent.grant', { patient, terms: terms({ grantee: organisation(lakeside) }) }))
  chain.do(lakeside, msg('consent.request', { patient, reader: doctor.did, grantee: individual(doctor), purposes: ['TREAT'], categories: [], labels: [], actions: ['read'], forMs: DAY_MS }))
  order = derivedId(chain.do(lakeside, msg('consent.order', { patient, terms: terms({ grantee: individual(nurse), until }), basis: new Uint8Array(32) })).txId, 0)
  everybody = derivedId(chain.do(lakeside, msg('consent.order', { patient: null, terms: terms({ grantee: organisation(riverside), effect: 'deny' }), basis: new Uint8Array(32) })).txId, 0)
  chain.do(ada, msg('consent.appointDelegate', { patient, delegate: ben.did, actions: ['read'], categories: [], labels: [], until }))
  chain.do(lakeside, msg('access.endorse', { patient, reader: doctor.did, purpose: 'TREAT', endorser: nurse.did, until: chain.timeMs + 3_600_000 }))
  chain.do(lakeside, openMsg(doctor))
  emergency = derivedId(chain.do(lakeside, msg('access.breakGlass', { patient, reader: doctor.did, reason: 'danger-to-life' })).txId, 0)
  chain.do(riverside, msg('identity.offerClaim', { did: ada.did, claimKey: keyFor('claim key'), until }))
  chain.checkInvariants()
})

/** What the contracts say of a state that somebody changed behind their backs. */
function findings(change: (state: Overlay) => void): readonly string[] {
  const state = new Overlay(chain.state, 'contract')
  change(state)
  return chain.contracts.flatMap((contract) => {
    try {
      contract.invariants(state, { chainId: CHAIN_ID, height: chain.height, timeMs: chain.timeMs })
      return []
    } catch (error) {
      return [(error as Error).message]
    }
  })
}

const clearFlat = (prefix: string) => (state: Overlay): void => {
  for (const [key] of [...state.flats(utf8(prefix))]) state.deleteFlat(key)
}
const clearFacts = (prefix: string) => (state: Overlay): void => {
  for (const [key] of [...state.facts(utf8(prefix))]) state.deleteFact(key)
}
const first = <T>(items: Iterable<T>): T => [...items][0] as T
const changed = (change: Partial<emergencies.EmergencyRecord>) => (state: Overlay): void =>
  emergencies.setEmergency(state, patient, emergency, { ...(emergencies.getEmergency(state, patient, emergency) as emergencies.EmergencyRecord), ...change })
const orderedAs = (about: Parameters<typeof orders.addOrder>[1], id: ObjectId, change: object) => (state: Overlay): void => {
  const known = orders.getOrder(state, about, id) as orders.OrderRecord
  orders.addOrder(state, about, id, { ...known, terms: { ...known.terms, ...change } })
}
const opened = (change: Partial<access.OpenRecord>, tier: string) => (state: Overlay): void => {
  const [, id, record] = [...access.listAllOpen(state)].find(([, , each]) => each.tier === tier) as readonly [typeof patient, ObjectId, access.OpenRecord]
  access.setOpen(state, patient, id, { ...record, ...change })
}
const identified = (change: Partial<identity.IdentityRecord>) => (state: Overlay): void => identity.setIdentity(state, ada.did, { ...(identity.getIdentity(state, ada.did) as identity.IdentityRecord), ...change })

const CASES: readonly (readonly [finding: string, change: (state: Overlay) => void])[] = [
  ['consent: a rule is in force and ended', (state) => {
    const [id, record] = first(consent.listRules(state, patient))
    consent.endRule(state, patient, id, { ...record, endedMs: 1, ended: 'revoked' })
    consent.addRule(state, patient, id, record)
  }],
  ['consent: rules are counted wrong', (state) => clearFacts('con/r/')(state)],
  ['consent: a request is not found by its id', clearFlat('con/qi/')],
  ['consent: requests are counted wrong', clearFacts('con/q/')],
  ['consent: a handle is not counted', clearFlat('con/rn/')],
  ['consent: a handle is not counted', clearFlat('con/qn/')],
  ['consent: an order is in force and ended', (state) => {
    const known = orders.getOrder(state, patient, order) as orders.OrderRecord
    orders.endOrder(state, patient, order, { ...known, endedMs: 1, liftedBy: null })
    orders.addOrder(state, patient, order, known)
  }],
  ['consent: an order overrides', (state) => orderedAs(patient, order, { overrides: objectFor('denial') })(state)],
  ['consent: an order permits for too long', (state) => orderedAs(patient, order, { until: null })(state)],
  ['consent: an order about everybody names something of a patient', (state) => orderedAs(null, everybody, { records: [recordFor('glucose')] })(state)],
  ['consent: too many orders', (state) => {
    for (let n = 0; n < 64; n++) orders.addOrder(state, patient, objectFor(`order ${n}`), orders.getOrder(state, patient, order) as orders.OrderRecord)
  }],
  ['consent: a delegate is appointed for too long', (state) => delegates.setDelegate(state, patient, ben.did, { ...(delegates.getDelegate(state, patient, ben.did) as delegates.DelegateRecord), sinceMs: 0 })],
  ['consent: too many delegates', (state) => {
    for (let n = 0; n < 16; n++) delegates.setDelegate(state, patient, person('patient', `delegate ${n}`).did, delegates.getDelegate(state, patient, ben.did) as delegates.DelegateRecord)
  }],
  ['access: an endorsement is by the reader, or for too long', (state) => endorsements.setEndorsement(state, patient, { ...first(endorsements.listEndorsements(state, patient)), endorser: doctor.did })],
  ['access: an open access is not in the list', clearFlat('acc/i/')],
  ['access: an access lasts longer than its entry says', (state) => opened({ untilMs: Number.MAX_SAFE_INTEGER }, '7')(state)],
  ['access: an access rests on no emergency of its reader', (state) => opened({ rules: [objectFor('none')] }, '4')(state)],
  ['access: an access rests on no emergency of its reader', changed({ reader: surgeon.did })],
  ['access: an open access is not found by its subject', clearFlat('acc/k/')],
  ['access: a count is wrong', (state) => access.setCount(state, patient, { open: 7, sweepAt: 64 })],
  ['access: a handle is not counted', clearFlat('acc/n/')],
  ['access: an emergency is out of order', changed({ confirmation: { confirmer: doctor.did, timeMs: 1 } })],
  ['access: an emergency is out of order', changed({ endedMs: 1 })],
  ['access: an emergency was settled too early', (state) => emergencies.settleEmergency(state, patient, emergency, emergencies.getEmergency(state, patient, emergency) as emergencies.EmergencyRecord)],
  ['identity: keys are out of order', (state) => identified({ key: 2 })(state)],
  ['identity: a controller is no organisation', (state) => identified({ controller: doctor.did })(state)],
  ['identity: an attestation does not lead to its subject', clearFlat('id/s/')],
  ['identity: a handle has no owner', (state) => identity.setOwner(state, handleFor('nobody'), person('patient', 'nobody').did)],
  ['identity: a claim is offered of nobody in custody', (state) => identified({ controller: null })(state)],
  ['identity: a claimed identity is in custody', (state) => identity.setPastCustody(state, ada.did, { custodian: riverside.did, untilMs: 1 })],
  ['identity: handles and owners differ', clearFlat('id/o/')],
  ['records: the first author is wrong', (state) => {
    const [record, head] = first(records.listHeads(state))
    records.pushHead(state, record, { ...head, firstAuthor: lakeside.did }, records.numbering(state))
  }],
  ['records: authored entries are counted wrong', (state) => records.addAuthored(state, patient, riverside.did, 1)],
  ['custody: there is no set', clearFacts('cus/c/')],
  ['custody: a set is missing or unsound', clearFacts('cus/s/')],
  ['custody: a batch has a wrong number of receipts', (state) => custody.setReceived(state, 1, new Uint8Array(32), [])],
  ['custody: a log of no keyholder', (state) => custody.setLog(state, ada.did, { size: 1, root: new Uint8Array(32), timeMs: 1 } as custody.LogRecord)],
  ['network: a name does not lead to its member', clearFlat('net/n/')],
  ['network: nobody governs', clearFacts('net/g/')],
  ['network: a parameter is out of bounds', (state) => network.setParameterValue(state, 'maxAccessMs', 0)],
]

describe('the invariants of the contracts', () => {
  it.each(CASES)('say: %s', (finding, change) => {
    expect(findings(change)).toContain(finding)
  })

  it('say nothing of a state that the contracts made', () => {
    expect(findings(() => {})).toEqual([])
    expect(toHex(emergency)).toHaveLength(32)
  })
})

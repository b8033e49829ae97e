import { derivedId, encodeCanonical, sha256, utf8, type MessageOf } from '@chiron/protocol'
import { expect, test } from 'vitest'
import {
  ada, ben, DAY_MS, doctor, entry, lakeside, msg, openMsg, organisation, outsider, person, populated, putMsg, refusalLedger, registerMsg, riverside, tagFor,
  terms, type ContractChain, type Outcome,
} from '../../../test/contract-chain.ts'
import { access, consent } from '../index.ts'

const { refused, unprovoked } = refusalLedger(consent.consentErrors)
const patient = ada.handle
const made = (outcome: Outcome, item = 0) => derivedId(outcome.txId, 0, item)
const appointMsg = (chain: ContractChain, fields: Partial<MessageOf<'consent.appointDelegate'>> = {}) =>
  msg('consent.appointDelegate', { patient, delegate: ben.did, actions: ['read'], categories: [], labels: [], until: chain.timeMs + 30 * DAY_MS, ...fields })
const dismissMsg = msg('consent.dismissDelegate', { patient, delegate: ben.did })
const byBen = openMsg(ben, { purpose: 'FAMRQT' })
const listed = (chain: ContractChain) => [...access.accessEntries(chain.state, patient)].map(([, e]) => e)

test('a delegate reads as the patient would, in the list as themselves, until dismissed', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose'), entry('scan', { category: tagFor('imaging') }), entry('hiv test', { labels: [tagFor('hiv')] })]))
  expect(chain.submit(riverside, byBen).refusal).toBe('access/2')
  const [lab, imaging] = [tagFor('laboratory'), tagFor('imaging')].sort((a, b) => (String(a) < String(b) ? -1 : 1))
  const until = chain.timeMs + 3_600_000
  const delegation = made(chain.do(ada, appointMsg(chain, { categories: [tagFor('laboratory')], until })))
  expect(consent.delegate(chain.state, patient, ben.did)).toMatchObject({ id: delegation, categories: [tagFor('laboratory')], untilMs: until })
  const scope = sha256(encodeCanonical({ actions: ['read'], categories: [tagFor('laboratory')], labels: [] }))
  expect(listed(chain).at(-1)).toEqual({ kind: 'appoint', timeMs: chain.timeMs, delegation, delegate: ben.did, untilMs: until, scope })
  const opened = made(chain.do(riverside, byBen))
  expect(access.access(chain.state, opened)).toMatchObject({ reader: ben.did, tier: '8', rules: [delegation], untilMs: until, categories: [tagFor('laboratory')] })
  expect(listed(chain).at(-1)).toMatchObject({ kind: 'open', reader: ben.did, organisation: riverside.did, tier: '8' })
  expect(['glucose', 'scan', 'hiv test'].map((name) => chain.covers(opened, name))).toEqual([true, false, false])
  // Appointed anew, for more: what is open goes on; for less: it covers less.
  chain.do(ada, appointMsg(chain, { categories: [lab, imaging, lab].filter((t) => t !== undefined), labels: [tagFor('hiv')] }))
  expect(['glucose', 'scan', 'hiv test'].map((name) => chain.covers(opened, name))).toEqual([true, true, true])
  expect(access.access(chain.state, opened)?.open).toBe(true)
  chain.do(ada, dismissMsg)
  expect(access.access(chain.state, opened)?.open).toBe(false)
  expect(listed(chain).slice(-2)).toMatchObject([{ kind: 'dismiss', delegate: ben.did }, { kind: 'close', reason: 'no-basis', access: opened }])
  refused(chain.submit(ada, dismissMsg), 'unknownDelegate')
  chain.checkInvariants()
})

test('a delegation appointed anew for a shorter time shortens what is open', () => {
  const chain = populated()
  chain.do(ada, appointMsg(chain))
  const opened = made(chain.do(riverside, byBen))
  const until = chain.timeMs + 3_600_000
  chain.do(ada, appointMsg(chain, { until }))
  expect(access.access(chain.state, opened)).toMatchObject({ open: true, untilMs: until })
  chain.pass(3_600_000)
  expect(chain.submit(riverside, byBen).refusal).toBe('access/2')
})

test('who appoints, and whom', () => {
  const chain = populated()
  for (const signer of [ben, riverside, doctor]) refused(chain.submit(signer, appointMsg(chain)), 'notOwner')
  refused(chain.submit(ada, appointMsg(chain, { delegate: ada.did })), 'delegateNotAllowed')
  for (const delegate of [doctor.did, riverside.did, outsider.did]) refused(chain.submit(ada, appointMsg(chain, { delegate })), 'delegateNotAllowed')
  refused(chain.submit(ada, appointMsg(chain, { until: chain.timeMs })), 'durationNotAllowed')
  refused(chain.submit(ada, appointMsg(chain, { until: chain.timeMs + 367 * DAY_MS })), 'durationNotAllowed')
  chain.do(ada, appointMsg(chain))
  // Depth 1: the delegate appoints nobody, and dismisses nobody.
  refused(chain.submit(ben, appointMsg(chain, { delegate: ada.did })), 'notOwner')
  refused(chain.submit(ben, dismissMsg), 'notOwner')
  chain.do(ada, dismissMsg)
})

test('outside a sample network a patient in custody appoints nobody, and a delegate in custody reads nothing', () => {
  const chain = populated({ sample: false })
  refused(chain.submit(ada, appointMsg(chain)), 'custodial')
})

test('a patient has 16 delegates at most, of which those whose time is over make room', () => {
  const chain = populated()
  const others = Array.from({ length: 17 }, (_, i) => person('patient', `carer ${i}`))
  chain.do(riverside, ...others.map((who) => registerMsg('patient', who)))
  const [first, ...rest] = others.map((who) => appointMsg(chain, { delegate: who.did, until: chain.timeMs + (who === others[0] ? 1 : 30) * DAY_MS }))
  if (first === undefined) throw new TypeError('nobody')
  chain.do(ada, first, ...rest.slice(0, 15))
  refused(chain.submit(ada, ...rest.slice(15)), 'tooManyDelegates')
  chain.do(ada, ...rest.slice(0, 1))
  chain.pass(DAY_MS)
  chain.do(ada, ...rest.slice(15))
  expect([...consent.delegatesOf(chain.state, patient)]).toHaveLength(16)
  chain.checkInvariants()
})

test('terms of use are accepted by a live member, once, and are what a rule may ask for', () => {
  const chain = populated()
  const hash = sha256(utf8('terms of use'))
  const acceptMsg = msg('consent.acceptTerms', { hash })
  chain.do(ada, msg('consent.grant', { patient, terms: terms({ grantee: organisation(lakeside), conditions: [{ kind: 'terms', hash }] }) }))
  expect(chain.submit(lakeside, openMsg(doctor)).refusal).toBe('access/2')
  refused(chain.submit(outsider, acceptMsg), 'notMember')
  refused(chain.submit(doctor, acceptMsg), 'notMember')
  chain.do(riverside, acceptMsg)
  expect(chain.submit(lakeside, openMsg(doctor)).refusal).toBe('access/2')
  expect(chain.do(lakeside, acceptMsg).events).toMatchObject([{ type: 'consent.termsAccepted', attributes: { organisation: lakeside.did, hash } }])
  expect(chain.do(lakeside, acceptMsg).events).toEqual([])
  chain.do(lakeside, openMsg(doctor))
  expect([...consent.acceptedTerms(chain.state, lakeside.did)]).toEqual([hash])
  const many = Array.from({ length: 256 }, (_, i) => msg('consent.acceptTerms', { hash: sha256(utf8(`terms ${i}`)) }))
  chain.do(lakeside, ...many.slice(1))
  refused(chain.submit(lakeside, ...many), 'tooManyTerms')
})

test('every refusal of delegates and terms of use was provoked', () => {
  expect(unprovoked().filter((name) => /delegate|TooManyTerms/i.test(name))).toEqual([])
})

import { derivedId, encodeCanonical, sha256, utf8, type Handle, type RuleTerms } from '@chiron/protocol'
import { expect, test } from 'vitest'
import {
  ada, ben, DAY_MS, doctor, entry, handleFor, individual, lakeside, msg, objectFor, openMsg, organisation, outsider, person, populated, putMsg, recordFor, refusalLedger, registerMsg,
  riverside, surgeon, tagFor, terms, type ContractChain, type Outcome,
} from '../../../test/contract-chain.ts'
import { access, consent, decideRecord } from '../index.ts'

const { refused, unprovoked } = refusalLedger(consent.consentErrors)
const patient = ada.handle
const basis = sha256(utf8('court file'))
const made = (outcome: Outcome, item = 0) => derivedId(outcome.txId, 0, item)
const toLakeside = { grantee: organisation(lakeside) }
const denying = { ...toLakeside, effect: 'deny' as const, purposes: [] }
const orderMsg = (fields: Parameters<typeof terms>[0], about: Handle | null = patient) => msg('consent.order', { patient: about, terms: terms(fields), basis })
const liftMsg = (order: ReturnType<typeof objectFor>, about: Handle | null = patient) => msg('consent.liftOrder', { patient: about, order })
const listed = (chain: ContractChain) => [...access.accessEntries(chain.state, patient)].map(([, e]) => e)

/** Lakeside is attested as public-health authority by riverside, which governs. */
function withAuthority(options: Parameters<typeof populated>[0] = {}): ContractChain {
  const chain = populated(options)
  chain.do(riverside, msg('identity.attest', { subject: lakeside.did, role: 'public-health', until: chain.timeMs + 300 * DAY_MS }))
  return chain
}

test('a denial by order ends accesses, stands above every permit and the author, and is listed', () => {
  const chain = withAuthority()
  chain.do(riverside, putMsg([entry('glucose')]))
  const opened = made(chain.do(riverside, openMsg(surgeon)))
  const denial = terms({ grantee: organisation(riverside), effect: 'deny', purposes: [] })
  const order = made(chain.do(lakeside, msg('consent.order', { patient, terms: denial, basis })))
  expect(access.access(chain.state, opened)?.open).toBe(false)
  expect(listed(chain).slice(-2)).toMatchObject([
    { kind: 'order', order, authority: lakeside.did, effect: 'deny', terms: sha256(encodeCanonical(denial)), basis },
    { kind: 'close', access: opened, reason: 'no-basis' },
  ])
  expect(chain.submit(riverside, openMsg(surgeon)).refusal).toBe('access/2')
  chain.do(ada, msg('consent.grant', { patient, terms: terms({ grantee: individual(surgeon) }) }))
  expect(chain.submit(riverside, openMsg(surgeon)).refusal).toBe('access/2')
  expect(consent.order(chain.state, patient, order)).toMatchObject({ authority: lakeside.did, sinceMs: chain.timeMs - 3_000 })
  chain.do(lakeside, liftMsg(order))
  expect(listed(chain).at(-1)).toEqual({ kind: 'lift', timeMs: chain.timeMs, order, by: lakeside.did })
  expect(consent.endedOrder(chain.state, patient, order)).toMatchObject({ liftedBy: lakeside.did, endedMs: chain.timeMs })
  chain.do(riverside, openMsg(surgeon))
  chain.checkInvariants()
})

test('a permit by order opens, beside the patient’s denials, until the order ends or is lifted', () => {
  const chain = withAuthority()
  chain.do(riverside, putMsg([entry('glucose'), entry('hiv test', { labels: [tagFor('hiv')] })]))
  chain.do(ada, msg('consent.grant', { patient, terms: terms({ ...denying, grantee: organisation(lakeside) }) }))
  const until = chain.timeMs + 3_600_000
  const order = made(chain.do(lakeside, orderMsg({ ...toLakeside, purposes: ['PUBHLTH'], until })))
  const opened = made(chain.do(lakeside, openMsg(doctor, { purpose: 'PUBHLTH' })))
  expect(access.access(chain.state, opened)).toMatchObject({ open: true, tier: '3a', rules: [order], untilMs: until })
  const covers = (record: string) =>
    decideRecord(chain.state, { reader: doctor.did, organisation: lakeside.did, purpose: 'PUBHLTH', action: 'read', record: recordFor(record) }, chain.timeMs).effect
  expect([covers('glucose'), covers('hiv test')]).toEqual(['permit', 'deny'])
  chain.do(riverside, liftMsg(order))
  expect(access.access(chain.state, opened)?.open).toBe(false)
  refused(chain.submit(lakeside, openMsg(doctor, { purpose: 'PUBHLTH' })).refusal === 'access/2' ? chain.submit(riverside, liftMsg(order)) : chain.submit(lakeside, liftMsg(order)), 'orderLifted')
})

test('an order about everybody is decided for each patient, and stands in nobody’s list', () => {
  const chain = withAuthority()
  chain.do(riverside, putMsg([entry('glucose'), entry('bens', { subjects: [ben.handle] })]))
  const before = chain.state.listSize('accesses', patient)
  const open = () => [ada, ben].map((who) => chain.submit(lakeside, openMsg(doctor, { patient: who.handle, purpose: 'PUBHLTH' })).refusal)
  expect(open()).toEqual(['access/2', 'access/2'])
  const outcome = chain.do(lakeside, orderMsg({ ...toLakeside, purposes: ['PUBHLTH'], until: chain.timeMs + DAY_MS }, null))
  expect(outcome.events).toMatchObject([{ type: 'consent.ordered', attributes: { order: made(outcome), authority: lakeside.did, effect: 'permit' } }])
  expect(outcome.events[0]?.attributes).not.toHaveProperty('handle')
  expect(chain.state.listSize('accesses', patient)).toBe(before)
  expect(open()).toEqual(['', ''])
  const denial = made(chain.do(lakeside, orderMsg({ ...denying, grantee: { kind: 'anyone' }, purposes: ['HMARKT'] }, null)))
  expect(consent.isEverybodyDenied(chain.state)).toBe(true)
  chain.do(ada, msg('consent.grant', { patient, terms: terms({ ...toLakeside, purposes: ['HMARKT'] }) }))
  expect(chain.submit(lakeside, openMsg(doctor, { purpose: 'HMARKT' })).refusal).toBe('access/2')
  refused(chain.submit(lakeside, liftMsg(denial)), 'unknownOrder')
  expect(chain.do(riverside, liftMsg(denial, null)).events[0]?.attributes).toEqual({ order: denial })
  expect(consent.isEverybodyDenied(chain.state)).toBe(false)
  chain.do(lakeside, openMsg(doctor, { purpose: 'HMARKT' }))
  // What was opened under an order about everybody covers nothing more once it is lifted.
  const opened = access.findOpen(chain.state, { handle: ben.handle, reader: doctor.did, organisation: lakeside.did, purpose: 'PUBHLTH', action: 'read' }, chain.timeMs)
  chain.do(lakeside, liftMsg(made(outcome), null))
  expect(opened && chain.covers(opened.id, 'bens')).toBe(false)
  chain.checkInvariants()
})

test('an order that is yet to come bounds the accesses before it', () => {
  const chain = withAuthority()
  chain.do(ada, msg('consent.grant', { patient, terms: terms(toLakeside) }))
  const from = chain.timeMs + 3_600_000
  chain.do(lakeside, orderMsg({ ...denying, from }))
  expect(access.access(chain.state, made(chain.do(lakeside, openMsg(doctor))))?.untilMs).toBe(from)
})

test('only a live member that governance attested as authority orders', () => {
  const chain = populated()
  refused(chain.submit(lakeside, orderMsg(denying)), 'notAuthority')
  refused(chain.submit(outsider, orderMsg(denying)), 'notAuthority')
  // Governance itself is no authority, nor is who attests its own.
  refused(chain.submit(riverside, orderMsg(denying)), 'notAuthority')
  const short = chain.timeMs + DAY_MS
  chain.do(riverside, msg('identity.attest', { subject: lakeside.did, role: 'auditor', until: short }))
  refused(chain.submit(lakeside, orderMsg(denying)), 'notAuthority')
  chain.do(riverside, msg('identity.attest', { subject: lakeside.did, role: 'regulator', until: short }))
  chain.do(lakeside, orderMsg(denying))
  chain.pass(DAY_MS)
  refused(chain.submit(lakeside, orderMsg(denying)), 'notAuthority')
  const station = person('device', 'station')
  chain.do(lakeside, registerMsg('device', station), msg('identity.attest', { subject: station.did, role: 'regulator', until: chain.timeMs + DAY_MS }))
  refused(chain.submit(station, orderMsg(denying)), 'notAuthority')
  chain.do(riverside, msg('identity.attest', { subject: lakeside.did, role: 'regulator', until: chain.timeMs + DAY_MS }))
  chain.do(riverside, msg('network.removeMember', { did: lakeside.did }))
  refused(chain.submit(lakeside, orderMsg(denying)), 'notAuthority')
})

test('what an order may say', () => {
  const chain = withAuthority()
  const tried = (fields: Partial<RuleTerms>, about: Handle | null = patient) => chain.submit(lakeside, orderMsg({ ...toLakeside, until: chain.timeMs + DAY_MS, ...fields }, about))
  refused(chain.submit(lakeside, orderMsg(denying, handleFor('nobody'))), 'unknownPatient')
  refused(chain.submit(lakeside, orderMsg(denying, riverside.handle)), 'unknownPatient')
  refused(tried({ until: null }), 'orderNotAllowed')
  refused(tried({ until: chain.timeMs + 367 * DAY_MS }), 'orderNotAllowed')
  refused(tried({ grantee: { kind: 'anyone' } }), 'orderNotAllowed')
  refused(tried({ grantee: { kind: 'anyone-treating' } }), 'orderNotAllowed')
  refused(tried({ effect: 'deny', absolute: true }), 'orderNotAllowed')
  refused(tried({ effect: 'deny', overrides: objectFor('x') }), 'orderNotAllowed')
  refused(tried({ purposes: ['BTG'] }), 'purposeNotAllowed')
  for (const fields of [{ categories: [tagFor('a')] }, { labels: [tagFor('a')] }, { records: [recordFor('a')] }, { data: { from: 1, until: null } }]) {
    refused(tried(fields, null), 'orderNotAllowed')
    expect(tried(fields).refusal).toBe('')
  }
  refused(tried({ until: chain.timeMs }), 'periodNotAllowed')
  expect(tried({ effect: 'deny', grantee: { kind: 'anyone' }, until: null }, null).refusal).toBe('')
  chain.checkInvariants()
})

test('who made it or governs lifts it, once, and not after its end', () => {
  const chain = withAuthority()
  const order = made(chain.do(lakeside, orderMsg({ ...denying, until: chain.timeMs + DAY_MS })))
  for (const signer of [ada, doctor, outsider]) refused(chain.submit(signer, liftMsg(order)), 'notOrderer')
  refused(chain.submit(lakeside, liftMsg(order, ben.handle)), 'unknownOrder')
  refused(chain.submit(lakeside, liftMsg(order, null)), 'unknownOrder')
  chain.do(riverside, liftMsg(order))
  refused(chain.submit(lakeside, liftMsg(order)), 'orderLifted')
  const second = made(chain.do(lakeside, orderMsg({ ...denying, until: chain.timeMs + DAY_MS })))
  chain.pass(DAY_MS)
  refused(chain.submit(lakeside, liftMsg(second)), 'orderLifted')
})

test('there are 64 orders about one and about all, of which those that ran out make room', () => {
  const chain = withAuthority()
  for (const about of [patient, null]) {
    const until = chain.timeMs + DAY_MS
    const many = (n: number) => Array.from({ length: n }, (_, i) => orderMsg({ ...denying, grantee: { kind: 'anyone' }, purposes: ['HMARKT'], until: i === 0 ? until : null }, about))
    chain.do(lakeside, ...many(64))
    refused(chain.submit(lakeside, ...many(1)), 'tooManyOrders')
    chain.pass(DAY_MS)
    chain.do(lakeside, ...many(2).slice(1))
    expect([...consent.endedOrdersOf(chain.state, about)]).toMatchObject([[{}, { liftedBy: null, endedMs: until }]])
    chain.checkInvariants()
  }
})

test('every refusal of orders was provoked', () => {
  expect(unprovoked().filter((name) => /order|authority/i.test(name))).toEqual([])
})

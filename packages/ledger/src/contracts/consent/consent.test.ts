import { derivedId, type RuleTerms } from '@chiron/protocol'
import { expect, test } from 'vitest'
import {
  ada, ben, DAY_MS, doctor, individual, lakeside, msg, nurse, objectFor, openMsg, organisation, outsider, populated, refusalLedger, riverside, surgeon, tagFor, terms,
  entry, putMsg, type ContractChain, type Outcome, type Person,
} from '../../../test/contract-chain.ts'
import { access, consent } from '../index.ts'

const { refused, unprovoked } = refusalLedger(consent.consentErrors)
const patient = ada.handle
const made = (outcome: Outcome) => derivedId(outcome.txId, 0)
const grantMsg = (fields: Parameters<typeof terms>[0]) => msg('consent.grant', { patient, terms: terms(fields) })
const toLakeside = { grantee: organisation(lakeside) }
const denyLakeside = { ...toLakeside, effect: 'deny' as const }
const grant = (chain: ContractChain, fields: Parameters<typeof terms>[0]) => made(chain.do(ada, grantMsg(fields)))

test('a rule is granted, changed, revoked, and stays visible with its status', () => {
  const chain = populated()
  const [a, b] = [tagFor('a'), tagFor('b')]
  const id = grant(chain, { ...toLakeside, categories: [b, a, b] })
  const stored = consent.rule(chain.state, patient, id, chain.timeMs)
  expect(stored).toMatchObject({ status: 'active', grantedMs: chain.timeMs, request: null })
  expect(stored?.terms.categories).toHaveLength(2)
  chain.do(ada, msg('consent.modify', { patient, rule: id, terms: terms({ ...toLakeside, until: chain.timeMs + DAY_MS }) }))
  expect(consent.rulesOf(chain.state, patient, chain.timeMs)).toMatchObject([{ id, terms: { categories: [] } }])
  chain.do(ada, msg('consent.revoke', { patient, rule: id }))
  expect(consent.rulesOf(chain.state, patient, chain.timeMs)).toEqual([])
  expect(consent.rulesOf(chain.state, patient, chain.timeMs, { all: true })).toMatchObject([{ id, status: 'revoked', endedMs: chain.timeMs }])
  expect(chain.state.fact(consent.consentKeys.rule(patient, id))).toBeUndefined()
  refused(chain.submit(ada, msg('consent.revoke', { patient, rule: id })), 'ruleEnded')
  refused(chain.submit(ada, msg('consent.revoke', { patient, rule: objectFor('none') })), 'unknownRule')
  chain.checkInvariants()
})

test('who has denials is known, until they are revoked', () => {
  const chain = populated()
  grant(chain, toLakeside)
  const denial = grant(chain, denyLakeside)
  expect(consent.patientsWithDenials(chain.state)).toEqual([patient])
  chain.do(ada, msg('consent.revoke', { patient, rule: denial }))
  expect(consent.patientsWithDenials(chain.state)).toEqual([])
})

test('rules come into force and run out by block time', () => {
  const chain = populated()
  const start = chain.timeMs
  const id = grant(chain, { ...toLakeside, from: start + DAY_MS, until: start + 2 * DAY_MS })
  const status = (at: number) => consent.rule(chain.state, patient, id, at)?.status
  expect([0, DAY_MS - 1, DAY_MS, 2 * DAY_MS - 1, 2 * DAY_MS].map((ms) => status(start + ms))).toEqual(['future', 'future', 'active', 'active', 'expired'])
  chain.pass(2 * DAY_MS)
  refused(chain.submit(ada, msg('consent.modify', { patient, rule: id, terms: terms(toLakeside) })), 'ruleEnded')
})

test('nobody but the patient makes, changes or ends rules, answers requests, contests', () => {
  const chain = populated()
  const id = grant(chain, toLakeside)
  const request = made(chain.do(lakeside, requestMsg()))
  const foreign = [
    grantMsg(toLakeside),
    msg('consent.modify', { patient, rule: id, terms: terms(toLakeside) }),
    msg('consent.revoke', { patient, rule: id }),
    msg('consent.approve', { patient, request, terms: terms(toLakeside) }),
    msg('consent.deny', { patient, request }),
    msg('consent.contestTreatment', { patient, organisation: riverside.did }),
  ]
  for (const message of foreign) for (const signer of [ben, riverside, lakeside]) refused(chain.submit(signer, message), 'notOwner')
  refused(chain.submit(riverside, msg('consent.grant', { patient: riverside.handle, terms: terms(toLakeside) })), 'notOwner')
})

test('outside a sample network a patient in custody narrows and never widens', () => {
  const chain = populated({ sample: false })
  const denial = grant(chain, denyLakeside)
  refused(chain.submit(ada, grantMsg(toLakeside)), 'custodial')
  refused(chain.submit(ada, msg('consent.revoke', { patient, rule: denial })), 'custodial')
  refused(chain.submit(ada, msg('consent.modify', { patient, rule: denial, terms: terms(denyLakeside) })), 'custodial')
  const [first, second] = [made(chain.do(lakeside, requestMsg())), made(chain.do(lakeside, requestMsg()))]
  refused(chain.submit(ada, approveMsg(chain, first)), 'custodial')
  chain.do(ada, msg('consent.deny', { patient, request: second }))
  chain.do(ada, msg('consent.contestTreatment', { patient, organisation: riverside.did }))
})

test('terms must make sense', () => {
  const chain = populated()
  const tried = (fields: Partial<RuleTerms>) => chain.submit(ada, grantMsg({ ...toLakeside, ...fields }))
  refused(tried({ until: chain.timeMs + 1_000 }), 'periodNotAllowed')
  refused(tried({ from: chain.timeMs + 2 * DAY_MS, until: chain.timeMs + DAY_MS }), 'periodNotAllowed')
  refused(tried({ grantee: individual(outsider) }), 'granteeUnknown')
  refused(tried({ grantee: individual(lakeside) }), 'granteeUnknown')
  refused(tried({ grantee: organisation(doctor) }), 'granteeUnknown')
  refused(tried({ effect: 'deny', grantee: individual(ada) }), 'granteeIsPatient')
  const denial = grant(chain, denyLakeside)
  refused(tried({ overrides: objectFor('none'), grantee: individual(doctor) }), 'overrideNotAllowed')
  refused(tried({ overrides: denial }), 'overrideNotAllowed')
  refused(tried({ overrides: denial, effect: 'deny', grantee: individual(doctor) }), 'overrideNotAllowed')
  refused(tried({ overrides: denial, grantee: { kind: 'anyone-treating' } }), 'overrideNotAllowed')
  const narrower = grant(chain, { overrides: denial, grantee: individual(doctor) })
  refused(chain.submit(ada, msg('consent.modify', { patient, rule: narrower, terms: terms({ ...toLakeside, overrides: narrower }) })), 'overrideNotAllowed')
})

test('a patient has 2,000 rules at most, of which those that ran out make room', () => {
  const chain = populated()
  const until = chain.timeMs + 30 * DAY_MS
  const batch = (fields: Partial<RuleTerms>) => Array.from({ length: 50 }, () => grantMsg({ ...toLakeside, ...fields }))
  for (let i = 0; i < 39; i++) chain.do(ada, ...batch({}))
  chain.do(ada, ...batch({ until }))
  refused(chain.submit(ada, grantMsg(toLakeside)), 'tooManyRules')
  chain.pass(30 * DAY_MS)
  chain.do(ada, grantMsg(toLakeside))
  const all = consent.rulesOf(chain.state, patient, chain.timeMs, { all: true })
  expect([all.filter((r) => r.status === 'active').length, all.filter((r) => r.status === 'expired').length]).toEqual([1_951, 50])
  chain.checkInvariants()
})

function requestMsg(fields: Partial<Parameters<typeof msg<'consent.request'>>[1]> = {}) {
  return msg('consent.request', {
    patient, reader: doctor.did, grantee: organisation(lakeside), purposes: ['TREAT', 'HPAYMT'], categories: [tagFor('laboratory'), tagFor('imaging')],
    labels: [tagFor('hiv')], actions: ['read', 'share'], forMs: DAY_MS, ...fields,
  })
}

function approveMsg(chain: ContractChain, request: ReturnType<typeof made>, fields: Partial<RuleTerms> = {}) {
  const narrow = { ...toLakeside, categories: [tagFor('laboratory')], until: chain.timeMs + DAY_MS }
  return msg('consent.approve', { patient, request, terms: terms({ ...narrow, ...fields }) })
}

test('a request is asked, listed, and approved into a rule', () => {
  const chain = populated()
  const id = made(chain.do(lakeside, requestMsg()))
  expect(consent.request(chain.state, id, chain.timeMs)).toMatchObject({ handle: patient, organisation: lakeside.did, reader: doctor.did, status: 'pending' })
  const rule = made(chain.do(ada, approveMsg(chain, id)))
  expect(consent.rule(chain.state, patient, rule, chain.timeMs)).toMatchObject({ status: 'active', request: id })
  expect(consent.requestsOf(chain.state, patient, chain.timeMs)).toMatchObject([{ id, status: 'approved', rule }])
  refused(chain.submit(ada, approveMsg(chain, id)), 'requestAnswered')
  refused(chain.submit(ada, msg('consent.deny', { patient, request: id })), 'requestAnswered')
  refused(chain.submit(ada, msg('consent.deny', { patient, request: objectFor('none') })), 'unknownRequest')
  refused(chain.submit(ben, msg('consent.deny', { patient: ben.handle, request: id })), 'unknownRequest')
  const denied = made(chain.do(lakeside, requestMsg()))
  chain.do(ada, msg('consent.deny', { patient, request: denied }))
  expect(consent.request(chain.state, denied, chain.timeMs)).toMatchObject({ status: 'denied', rule: null })
  const kinds = [...access.accessEntries(chain.state, patient)].map(([, e]) => e.kind)
  expect(kinds).toEqual(['treatment', 'request', 'grant', 'answer', 'request', 'answer'])
  expect(consent.request(chain.state, objectFor('none'), 0)).toBeUndefined()
  chain.checkInvariants()
})

test('an approval may narrow in every way, and widen in none', () => {
  const chain = populated()
  const id = made(chain.do(lakeside, requestMsg()))
  const wider: Partial<RuleTerms>[] = [
    { effect: 'deny' },
    { grantee: { kind: 'role', role: 'physician' } },
    { grantee: { kind: 'anyone-treating' } },
    { grantee: individual(surgeon) },
    { grantee: organisation(riverside) },
    { purposes: [] },
    { purposes: ['TREAT', 'HMARKT'] },
    { categories: [] },
    { categories: [tagFor('laboratory'), tagFor('conditions')] },
    { labels: [tagFor('hiv'), tagFor('genetics')] },
    { actions: ['read', 'write'] },
    { until: null },
    { until: chain.timeMs + DAY_MS + 60_000 },
    { from: chain.timeMs + DAY_MS, until: chain.timeMs + 2 * DAY_MS + 60_000 },
  ]
  for (const fields of wider) refused(chain.submit(ada, approveMsg(chain, id, fields)), 'wider')
  const later = made(chain.do(lakeside, requestMsg()))
  chain.do(ada, approveMsg(chain, later, { from: chain.timeMs + 10 * DAY_MS, until: chain.timeMs + 11 * DAY_MS }))
  chain.do(ada, approveMsg(chain, id, { grantee: individual(nurse), purposes: ['HPAYMT'], categories: [tagFor('imaging')], actions: ['share'], until: chain.timeMs + 60_000 }))
})

test('who may ask, and for whom', () => {
  const chain = populated()
  refused(chain.submit(outsider, requestMsg()), 'notMember')
  refused(chain.submit(doctor, requestMsg()), 'notMember')
  refused(chain.submit(lakeside, requestMsg({ patient: objectFor('nobody') as never })), 'unknownPatient')
  refused(chain.submit(lakeside, requestMsg({ patient: riverside.handle })), 'unknownPatient')
  refused(chain.submit(lakeside, requestMsg({ reader: surgeon.did })), 'notOwnReader')
  for (const grantee of [organisation(riverside), individual(surgeon), individual(lakeside), { kind: 'anyone-treating' }, { kind: 'role', role: 'nurse' }] as const) {
    refused(chain.submit(lakeside, requestMsg({ grantee })), 'granteeNotOwn')
  }
  refused(chain.submit(lakeside, requestMsg({ forMs: 0 })), 'durationNotAllowed')
  refused(chain.submit(lakeside, requestMsg({ forMs: 4_000 * DAY_MS })), 'durationNotAllowed')
})

test('an organisation has 20 requests pending at most; a request expires after 30 days', () => {
  const chain = populated()
  const ids = Array.from({ length: 20 }, () => made(chain.do(lakeside, requestMsg())))
  refused(chain.submit(lakeside, requestMsg()), 'tooManyRequests')
  chain.do(riverside, requestMsg({ reader: surgeon.did, grantee: organisation(riverside) }))
  chain.pass(30 * DAY_MS)
  refused(chain.submit(ada, approveMsg(chain, ids[0] ?? objectFor('none'))), 'requestExpired')
  expect(consent.request(chain.state, ids[0] ?? objectFor('none'), chain.timeMs)?.status).toBe('expired')
  chain.do(lakeside, requestMsg())
  refused(chain.submit(ada, approveMsg(chain, ids[1] ?? objectFor('none'))), 'requestExpired')
  expect(consent.requestsOf(chain.state, patient, chain.timeMs).map((r) => r.status).sort()).toEqual([...Array<string>(21).fill('expired'), 'pending'])
  chain.checkInvariants()
})

test('a treating relationship lasts 90 days at most, is renewed, and never shortened', () => {
  const chain = populated()
  const register = (days: number, org: Person = lakeside) => chain.submit(org, msg('consent.registerTreatment', { patient, until: chain.timeMs + days * DAY_MS }))
  refused(register(91), 'treatmentTooLong')
  refused(register(0), 'durationNotAllowed')
  refused(register(1, outsider), 'notMember')
  refused(chain.submit(lakeside, msg('consent.registerTreatment', { patient: lakeside.handle, until: chain.timeMs + DAY_MS })), 'unknownPatient')
  register(90)
  const until = consent.treatment(chain.state, patient, lakeside.did)?.untilMs
  expect(register(1)).toMatchObject({ refusal: '', events: [] })
  expect(consent.treatment(chain.state, patient, lakeside.did)?.untilMs).toBe(until)
  chain.pass(DAY_MS)
  expect(register(90).events).toHaveLength(1)
  expect(register(90, riverside)).toMatchObject({ refusal: '', events: [] })
  expect(consent.treatmentsOf(chain.state, patient)).toHaveLength(2)
})

test('a contested relationship comes back only after the patient has granted the organisation something', () => {
  const chain = populated()
  const register = msg('consent.registerTreatment', { patient, until: chain.timeMs + 10 * DAY_MS })
  const contest = msg('consent.contestTreatment', { patient, organisation: lakeside.did })
  grant(chain, toLakeside)
  refused(chain.submit(ada, contest), 'unknownTreatment')
  chain.do(lakeside, register)
  chain.do(ada, contest)
  refused(chain.submit(ada, contest), 'treatmentContested')
  refused(chain.submit(lakeside, register), 'treatmentContested')
  expect(chain.submit(lakeside, putMsg([entry('x')], { recorder: lakeside.did })).refusal).toBe('records/4')
  grant(chain, denyLakeside)
  refused(chain.submit(lakeside, register), 'treatmentContested')
  for (const others of [riverside.did, undefined]) grant(chain, { ...toLakeside, grantee: { kind: 'role', role: 'physician', ...(others === undefined ? {} : { organisation: others }) } })
  refused(chain.submit(lakeside, register), 'treatmentContested')
  grant(chain, { ...toLakeside, grantee: { kind: 'role', role: 'physician', organisation: lakeside.did } })
  chain.do(lakeside, register)
  expect(consent.treatment(chain.state, patient, lakeside.did)).toMatchObject({ contestedMs: null, sinceMs: chain.timeMs })
})

test('an access ends with its basis, and stays while another basis is left', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose')]))
  const [one, two] = [grant(chain, toLakeside), grant(chain, { ...toLakeside, until: chain.timeMs + 60 * 60_000 })]
  const id = derivedId(chain.do(lakeside, openMsg(doctor)).txId, 0, 0)
  const now = () => access.access(chain.state, id)
  chain.do(ada, msg('consent.revoke', { patient, rule: one }))
  expect(now()).toMatchObject({ open: true, untilMs: consent.rule(chain.state, patient, two, 0)?.terms.until })
  chain.do(ada, msg('consent.modify', { patient, rule: two, terms: terms({ ...toLakeside, purposes: ['HPAYMT'] }) }))
  expect(now()).toMatchObject({ open: false })
  const narrower = grant(chain, toLakeside)
  const again = derivedId(chain.do(lakeside, openMsg(doctor)).txId, 0, 0)
  grant(chain, { ...denyLakeside, categories: [tagFor('laboratory')] })
  expect(access.access(chain.state, again)?.open).toBe(true)
  grant(chain, denyLakeside)
  expect(access.access(chain.state, again)?.open).toBe(false)
  expect(consent.rule(chain.state, patient, narrower, chain.timeMs)?.status).toBe('active')
  chain.checkInvariants()
})

test('what a rule is limited by: checked, put in order, each once', () => {
  const chain = populated()
  const tried = (fields: Partial<RuleTerms>) => chain.submit(ada, grantMsg({ ...toLakeside, ...fields }))
  const hash = new Uint8Array(32).fill(7)
  const [secondPerson, withinEurope] = [{ kind: 'second-person' as const }, { kind: 'jurisdiction' as const, within: true, of: ['FR', 'DE', 'FR'] }]
  refused(tried({ effect: 'deny', conditions: [secondPerson] }), 'conditionNotAllowed')
  refused(tried({ effect: 'deny', conditions: [{ kind: 'terms', hash }] }), 'conditionNotAllowed')
  refused(tried({ effect: 'deny', obligations: ['NORDSCLW'] }), 'conditionNotAllowed')
  refused(tried({ absolute: true }), 'absoluteNotAllowed')
  refused(tried({ purposes: ['TREAT', 'BTG'] }), 'purposeNotAllowed')
  refused(tried({ grantee: { kind: 'role', role: 'nurse', organisation: outsider.did } }), 'granteeUnknown')
  refused(tried({ grantee: { kind: 'role', role: 'nurse', organisation: doctor.did } }), 'granteeUnknown')
  const termsOf = (id: ReturnType<typeof objectFor>) => consent.rule(chain.state, patient, id, chain.timeMs)?.terms
  const limits = { data: { from: 3, until: null }, conditions: [withinEurope, { kind: 'terms' as const, hash }, secondPerson, secondPerson], obligations: ['NORDSCLW', 'ENCRYPT', 'NORDSCLW'] }
  const permit = grant(chain, { grantee: { kind: 'role', role: 'nurse', organisation: lakeside.did }, ...limits })
  const stored = termsOf(permit)
  expect(stored).toMatchObject({ data: { from: 3, until: null }, obligations: ['ENCRYPT', 'NORDSCLW'] })
  expect(stored?.conditions).toHaveLength(3)
  const other = grant(chain, { grantee: { kind: 'role', role: 'nurse', organisation: lakeside.did }, ...limits, conditions: [...limits.conditions].reverse() })
  expect(consent.termsHash(termsOf(other) as RuleTerms)).toEqual(consent.termsHash(stored as RuleTerms))
  expect(stored?.conditions?.find((c) => c.kind === 'jurisdiction')).toEqual({ kind: 'jurisdiction', within: true, of: ['DE', 'FR'] })
  const denial = grant(chain, { effect: 'deny', grantee: { kind: 'anyone' }, purposes: ['BTG'], absolute: true, conditions: [{ ...withinEurope, within: false }] })
  expect(termsOf(denial)).toMatchObject({ absolute: true, conditions: [{ kind: 'jurisdiction', within: false, of: ['DE', 'FR'] }] })
  chain.checkInvariants()
})

test('a permit that is narrower in data or conditions alone overrides a denial', () => {
  const chain = populated()
  const denial = grant(chain, denyLakeside)
  refused(chain.submit(ada, grantMsg({ ...toLakeside, overrides: denial, purposes: [] })), 'overrideNotAllowed')
  grant(chain, { ...toLakeside, overrides: denial, data: { from: 1, until: 2 } })
  grant(chain, { ...toLakeside, overrides: denial, conditions: [{ kind: 'second-person' }] })
  const dated = grant(chain, { ...denyLakeside, data: { from: 1, until: 2 } })
  refused(chain.submit(ada, grantMsg({ ...toLakeside, overrides: dated })), 'overrideNotAllowed')
})

test('an approval may add limits, or name a role of the organisation, and never another’s', () => {
  const chain = populated()
  const request = made(chain.do(lakeside, requestMsg({ forMs: 10 * DAY_MS })))
  const approve = (fields: Partial<RuleTerms>) => chain.submit(ada, approveMsg(chain, request, fields))
  for (const grantee of [{ kind: 'anyone' as const }, { kind: 'role' as const, role: 'nurse' as const }, { kind: 'role' as const, role: 'nurse' as const, organisation: riverside.did }]) {
    refused(approve({ grantee }), 'wider')
  }
  const limits: Partial<RuleTerms> = { data: { from: 1, until: 9 }, conditions: [{ kind: 'second-person' }], obligations: ['ENCRYPT'] }
  expect(approve({ grantee: { kind: 'role', role: 'nurse', organisation: lakeside.did }, ...limits }).refusal).toBe('')
  const asked = made(chain.do(lakeside, requestMsg({ grantee: { kind: 'role', role: 'nurse', organisation: lakeside.did } })))
  refused(chain.submit(ada, approveMsg(chain, asked)), 'wider')
  refused(chain.submit(lakeside, requestMsg({ grantee: { kind: 'role', role: 'nurse', organisation: riverside.did } })), 'granteeNotOwn')
  refused(chain.submit(lakeside, requestMsg({ grantee: { kind: 'anyone' } })), 'granteeNotOwn')
})

test('every refusal was provoked, here or by orders.test.ts and delegates.test.ts', () => {
  expect(unprovoked()).toEqual([
    'notAuthority', 'orderNotAllowed', 'tooManyOrders', 'unknownOrder', 'orderLifted', 'notOrderer', 'delegateNotAllowed', 'tooManyDelegates', 'unknownDelegate', 'tooManyTerms',
  ])
})

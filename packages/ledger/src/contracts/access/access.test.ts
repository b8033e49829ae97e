import { derivedId, sha256, utf8, type ObjectId, type RuleTerms } from '@chiron/protocol'
import { expect, test } from 'vitest'
import {
  ada, ben, DAY_MS, doctor, entry, handleFor, individual, lakeside, msg, nurse, objectFor, openMsg, organisation, outsider, populated, putMsg, recordFor,
  refusalLedger, riverside, surgeon, tagFor, terms, type ContractChain, type Outcome, type Person,
} from '../../../test/contract-chain.ts'
import { access, coversRecord, mayNameRefused } from '../index.ts'
import { decodeAccessEntry, encodeAccessEntry } from './entry-codec.ts'

const { refused, unprovoked } = refusalLedger(access.accessErrors)
const patient = ada.handle
const HOUR_MS = 3_600_000
const made = (outcome: Outcome, item = 0) => derivedId(outcome.txId, 0, item)
const grant = (chain: ContractChain, fields: Partial<RuleTerms> = {}, who: Person = ada) =>
  derivedId(chain.do(who, msg('consent.grant', { patient: who.handle, terms: terms({ grantee: organisation(lakeside), ...fields }) })).txId, 0)
const listed = (chain: ContractChain) => [...access.accessEntries(chain.state, patient)].map(([, e]) => e)
const subject = { handle: patient, reader: doctor.did, organisation: lakeside.did, purpose: 'TREAT', action: 'read' as const }
const lab = tagFor('laboratory')

test('an opening is decided, listed with its basis, and lasts until the rule ends or 12 hours', () => {
  const chain = populated()
  refused(chain.submit(lakeside, openMsg(doctor)), 'denied')
  const rule = grant(chain, { categories: [lab] })
  const id = made(chain.do(lakeside, openMsg(doctor)))
  expect(access.access(chain.state, id)).toMatchObject({ ...subject, open: true, tier: '7', rules: [rule], categories: [lab], untilMs: chain.timeMs + 12 * HOUR_MS })
  expect(listed(chain).at(-1)).toEqual({
    kind: 'open', timeMs: chain.timeMs, access: id, reader: doctor.did, organisation: lakeside.did, purpose: 'TREAT', action: 'read',
    untilMs: chain.timeMs + 12 * HOUR_MS, tier: '7', rules: [rule],
  })
  const short = populated()
  grant(short, { until: short.timeMs + HOUR_MS })
  const until = short.timeMs + 2 * HOUR_MS
  grant(short, { until })
  expect(access.access(short.state, made(short.do(lakeside, openMsg(doctor))))?.untilMs).toBe(until)
  chain.do(riverside, msg('network.setParameter', { name: 'maxAccessMs', value: 60_000 }))
  expect(access.access(chain.state, made(chain.do(lakeside, openMsg(nurse))))?.untilMs).toBe(chain.timeMs + 60_000)
  chain.checkInvariants()
})

test('an access ends before a denial that is yet to come', () => {
  const chain = populated()
  grant(chain)
  const from = chain.timeMs + HOUR_MS
  grant(chain, { effect: 'deny', from })
  expect(access.access(chain.state, made(chain.do(lakeside, openMsg(doctor))))?.untilMs).toBe(from)
})

test('an access ends with a permit that overrides a denial: of whoever else permits it, nothing is left then', () => {
  for (const other of ['a permit without an end', 'the author'] as const) {
    const chain = populated()
    if (other === 'the author') {
      chain.do(ada, msg('consent.grant', { patient, terms: terms({ grantee: organisation(lakeside), actions: ['write'] }) }))
      chain.do(lakeside, putMsg([entry('glucose')], { recorder: doctor.did }))
    } else grant(chain)
    const denial = grant(chain, { effect: 'deny', grantee: individual(doctor), purposes: [] })
    const until = chain.timeMs + HOUR_MS
    grant(chain, { grantee: individual(doctor), purposes: ['TREAT'], overrides: denial, until })
    const id = made(chain.do(lakeside, openMsg(doctor)))
    expect({ other, untilMs: access.access(chain.state, id)?.untilMs }).toEqual({ other, untilMs: until })
    chain.pass(2 * HOUR_MS)
    refused(chain.submit(lakeside, openMsg(doctor)), 'denied')
  }
})

test('an access ends with the endorsement that lets a permit override a denial', () => {
  const chain = populated()
  grant(chain)
  const denial = grant(chain, { effect: 'deny', grantee: individual(doctor), purposes: [] })
  grant(chain, { grantee: individual(doctor), overrides: denial, conditions: [{ kind: 'second-person' }] })
  const until = chain.timeMs + HOUR_MS
  chain.do(lakeside, msg('access.endorse', { patient, reader: doctor.did, purpose: 'TREAT', endorser: nurse.did, until }))
  expect(access.access(chain.state, made(chain.do(lakeside, openMsg(doctor))))?.untilMs).toBe(until)
})

test('an endorsement that ran out bounds nothing: the permit that asked for it overrides nothing any more', () => {
  const chain = populated()
  grant(chain)
  const denial = grant(chain, { effect: 'deny', grantee: individual(doctor), purposes: [], categories: [lab] })
  grant(chain, { grantee: individual(doctor), categories: [lab], overrides: denial, conditions: [{ kind: 'second-person' }] })
  chain.do(lakeside, msg('access.endorse', { patient, reader: doctor.did, purpose: 'TREAT', endorser: nurse.did, until: chain.timeMs + HOUR_MS }))
  chain.pass(HOUR_MS)
  expect(access.access(chain.state, made(chain.do(lakeside, openMsg(doctor))))?.untilMs).toBe(chain.timeMs + 12 * HOUR_MS)
})

test('the scope of an access is what its permits name, in order, and all where they name more than 64 categories', () => {
  const named = (n: number) => Array.from({ length: n }, (_, i) => tagFor(`category ${n} ${i}`))
  const inOrder = (tags: readonly Uint8Array[]) => tags.map((tag) => Buffer.from(tag).toString('hex')).toSorted()
  const chain = populated()
  const [few, more] = [named(3), named(5)]
  grant(chain, { categories: few })
  grant(chain, { categories: more })
  const found = access.access(chain.state, made(chain.do(lakeside, openMsg(doctor))))
  expect(found?.open === true && found.categories.map((tag) => Buffer.from(tag).toString('hex'))).toEqual(inOrder([...few, ...more]))
  for (const n of [30, 31]) grant(chain, { categories: named(n) })
  expect(access.access(chain.state, made(chain.do(lakeside, openMsg(nurse))))).toMatchObject({ open: true, categories: [] })
})

test('who is invalid: unknown, of another organisation, without role or delegation, suspended; unknown handles', () => {
  const chain = populated()
  grant(chain)
  refused(chain.submit(outsider, openMsg(doctor)), 'invalid')
  refused(chain.submit(lakeside, openMsg(outsider)), 'invalid')
  refused(chain.submit(lakeside, openMsg(surgeon)), 'invalid')
  refused(chain.submit(lakeside, openMsg(ada)), 'invalid')
  refused(chain.submit(lakeside, openMsg(doctor, { patient: handleFor('nobody') })), 'invalid')
  const id = made(chain.do(lakeside, openMsg(doctor)))
  chain.do(riverside, putMsg([entry('glucose')]))
  const covers = () => coversRecord(chain.state, id, recordFor('glucose'), chain.timeMs)
  expect(covers()).toBe(true)
  chain.do(lakeside, msg('identity.suspend', { did: doctor.did, suspended: true }))
  expect(covers()).toBe(false)
  refused(chain.submit(lakeside, openMsg(doctor)), 'invalid')
  chain.do(lakeside, msg('identity.suspend', { did: doctor.did, suspended: false }))
  expect(covers()).toBe(true)
  chain.do(doctor, msg('identity.revokeDelegation', { to: lakeside.did }))
  expect(covers()).toBe(false)
})

test('several are opened at once, all or none', () => {
  const chain = populated()
  grant(chain)
  const both = msg('access.open', { openings: [ada, ben].map((p) => ({ patient: p.handle, reader: doctor.did, purpose: 'TREAT', action: 'read' as const })) })
  refused(chain.submit(lakeside, both), 'denied')
  expect(access.openAccessesOf(chain.state, patient)).toEqual([])
  grant(chain, {}, ben)
  const outcome = chain.do(lakeside, both)
  expect([0, 1].map((i) => access.access(chain.state, made(outcome, i))?.handle)).toEqual([ada.handle, ben.handle])
})

test('opening what is open keeps it; once it ran out it is written down and opened anew', () => {
  const chain = populated()
  grant(chain)
  const first = made(chain.do(lakeside, openMsg(doctor)))
  const again = chain.do(lakeside, openMsg(doctor), openMsg(doctor))
  expect(again.events.map((e) => [e.type, e.attributes['access']])).toEqual([['access.kept', first], ['access.kept', first]])
  expect(access.findOpen(chain.state, subject, chain.timeMs)?.id).toEqual(first)
  for (const other of [{ purpose: 'HPAYMT' }, { action: 'share' as const }, { reader: nurse.did }, { organisation: riverside.did }, { handle: ben.handle }]) {
    expect(access.findOpen(chain.state, { ...subject, ...other }, chain.timeMs)).toBeUndefined()
  }
  const ended = access.access(chain.state, first)?.untilMs ?? 0
  chain.pass(13 * HOUR_MS)
  expect(access.findOpen(chain.state, subject, chain.timeMs)).toBeUndefined()
  const second = made(chain.do(lakeside, openMsg(doctor)))
  expect(second).not.toEqual(first)
  expect(listed(chain).slice(-2)).toMatchObject([{ kind: 'close', access: first, reason: 'expired', endedMs: ended, timeMs: chain.timeMs }, { kind: 'open' }])
  chain.checkInvariants()
})

test('tier 3b and tier 2: the author and the patient open without a rule', () => {
  const chain = populated()
  refused(chain.submit(riverside, openMsg(surgeon)), 'denied')
  chain.do(riverside, putMsg([entry('glucose')]))
  expect(access.access(chain.state, made(chain.do(riverside, openMsg(surgeon))))).toMatchObject({ tier: '3b', rules: [] })
  expect(access.access(chain.state, made(chain.do(riverside, openMsg(riverside))))).toMatchObject({ tier: '3b', reader: riverside.did })
  refused(chain.submit(riverside, openMsg(surgeon, { purpose: 'HRESCH' })), 'denied')
  expect(access.access(chain.state, made(chain.do(riverside, openMsg(ada, { purpose: 'PATRQT' }))))).toMatchObject({ tier: '2' })
  grant(chain, { effect: 'deny', grantee: individual(surgeon), purposes: [] })
  expect(access.findOpen(chain.state, { ...subject, reader: surgeon.did, organisation: riverside.did }, chain.timeMs)).toBeUndefined()
  refused(chain.submit(riverside, openMsg(surgeon)), 'denied')
  const strict = populated({ sample: false })
  refused(strict.submit(riverside, openMsg(ada)), 'denied')
})

test('a treating organisation opens for writing until its relationship ends', () => {
  const chain = populated()
  const until = chain.timeMs + HOUR_MS
  chain.do(lakeside, msg('consent.registerTreatment', { patient, until }))
  const id = made(chain.do(lakeside, openMsg(doctor, { action: 'write' })))
  expect(access.access(chain.state, id)).toMatchObject({ tier: '7', rules: [], untilMs: until })
  refused(chain.submit(lakeside, openMsg(doctor)), 'denied')
  chain.do(ada, msg('consent.contestTreatment', { patient, organisation: lakeside.did }))
  expect(access.access(chain.state, id)?.open).toBe(false)
})

test('a record of two patients is covered only while both see the access', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('twins', { subjects: [ada.handle, ben.handle], furtherTags: [{ category: lab, labels: [] }] })]))
  grant(chain)
  grant(chain, {}, ben)
  const id = made(chain.do(lakeside, openMsg(doctor)))
  expect(coversRecord(chain.state, id, recordFor('twins'), chain.timeMs)).toBe(false)
  const other = made(chain.do(lakeside, openMsg(doctor, { patient: ben.handle })))
  expect(coversRecord(chain.state, id, recordFor('twins'), chain.timeMs)).toBe(true)
  chain.do(lakeside, msg('access.close', { patient: ben.handle, access: other }))
  expect(coversRecord(chain.state, id, recordFor('twins'), chain.timeMs)).toBe(false)
})

test('an access covers only records of its own patient, and only while it is active', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose'), entry('bens', { subjects: [ben.handle] })]))
  grant(chain)
  grant(chain, {}, ben)
  const id = made(chain.do(lakeside, openMsg(doctor)))
  const covers = (name: string, at = chain.timeMs) => coversRecord(chain.state, id, recordFor(name), at)
  expect([covers('glucose'), covers('bens'), covers('none')]).toEqual([true, false, false])
  expect(coversRecord(chain.state, objectFor('none'), recordFor('glucose'), chain.timeMs)).toBe(false)
  const until = access.access(chain.state, id)?.untilMs ?? 0
  expect([covers('glucose', until - 1), covers('glucose', until)]).toEqual([true, false])
})

test('the patient and the organisation close, others do not, and only once', () => {
  const chain = populated()
  grant(chain)
  const closeMsg = (id: ObjectId, handle = patient) => msg('access.close', { patient: handle, access: id })
  const one = made(chain.do(lakeside, openMsg(doctor)))
  const two = made(chain.do(lakeside, openMsg(nurse)))
  refused(chain.submit(riverside, closeMsg(one)), 'notAuthorised')
  refused(chain.submit(doctor, closeMsg(one)), 'notAuthorised')
  refused(chain.submit(ada, closeMsg(objectFor('none'))), 'unknownAccess')
  refused(chain.submit(ben, closeMsg(one, ben.handle)), 'unknownAccess')
  chain.do(ada, closeMsg(one))
  chain.do(lakeside, closeMsg(two))
  expect(listed(chain).slice(-2)).toMatchObject([{ reason: 'patient', access: one }, { reason: 'organisation', access: two }])
  refused(chain.submit(ada, closeMsg(one)), 'notOpen')
  chain.checkInvariants()
})

test('refusals are listed for the patient, by live members, under the names of readers for whom they speak', () => {
  const chain = populated()
  const refuseMsg = (reader: Person | null, fields: { patient?: typeof patient; count?: number } = {}) =>
    msg('access.refuse', { refusals: [{ patient, reader: reader?.did ?? null, purpose: 'TREAT', action: 'read', count: 3, ...fields }] })
  chain.do(lakeside, refuseMsg(doctor))
  chain.do(riverside, refuseMsg(ben))
  expect(listed(chain).slice(-2)).toEqual([
    { kind: 'refusal', timeMs: chain.timeMs - 1_000, reader: doctor.did, organisation: lakeside.did, purpose: 'TREAT', action: 'read', count: 3 },
    { kind: 'refusal', timeMs: chain.timeMs, reader: ben.did, organisation: riverside.did, purpose: 'TREAT', action: 'read', count: 3 },
  ])
  refused(chain.submit(outsider, refuseMsg(doctor)), 'notMember')
  refused(chain.submit(outsider, refuseMsg(null)), 'notMember')
  refused(chain.submit(lakeside, refuseMsg(surgeon)), 'notOwnReader')
  refused(chain.submit(lakeside, refuseMsg(ben)), 'notOwnReader')
  refused(chain.submit(lakeside, refuseMsg(ada, { patient: ben.handle })), 'notOwnReader')
  refused(chain.submit(lakeside, refuseMsg(doctor, { patient: handleFor('nobody') })), 'unknownPatient')
  refused(chain.submit(lakeside, refuseMsg(doctor, { count: 0 })), 'countOutOfBounds')
  refused(chain.submit(lakeside, refuseMsg(doctor, { count: 1_001 })), 'countOutOfBounds')
})

test('a refusal of somebody for whom the organisation may not speak is listed without a name, of the patient themselves with it', () => {
  const chain = populated()
  const attempt = { patient, purpose: 'TREAT', action: 'read' as const, count: 2 }
  chain.do(lakeside, msg('access.refuse', { refusals: [{ ...attempt, reader: null }, { ...attempt, reader: ada.did }] }))
  const listedAs = { kind: 'refusal', timeMs: chain.timeMs, organisation: lakeside.did, purpose: 'TREAT', action: 'read', count: 2 }
  expect(listed(chain).slice(-2)).toEqual([{ ...listedAs, reader: null }, { ...listedAs, reader: ada.did }])
  const nameable = (reader: Person, handle = patient) => mayNameRefused(chain.state, { patient: handle, reader: reader.did, organisation: lakeside.did }, chain.timeMs)
  expect([nameable(doctor), nameable(ada), nameable(ben), nameable(ben, ben.handle), nameable(surgeon)]).toEqual([true, true, false, true, false])
  chain.do(ben, msg('identity.delegate', { to: lakeside.did, purposes: [], until: chain.timeMs + HOUR_MS }))
  expect(nameable(ben)).toBe(true)
  chain.pass(2 * HOUR_MS)
  expect(nameable(ben)).toBe(false)
})

test('reports come from the organisation of the access, also after its end', () => {
  const chain = populated()
  grant(chain)
  const id = made(chain.do(lakeside, openMsg(doctor)))
  const root = sha256(utf8('details'))
  const reportMsg = (counts: { category: typeof lab; count: number }[], fields: { patient?: typeof patient; access?: ObjectId } = {}) =>
    msg('access.report', { reports: [{ patient, access: id, counts, root, ...fields }] })
  chain.do(lakeside, reportMsg([{ category: lab, count: 4 }]))
  chain.do(ada, msg('access.close', { patient, access: id }))
  chain.do(lakeside, reportMsg([]))
  expect(listed(chain).filter((e) => e.kind === 'report')).toMatchObject([{ access: id, counts: [{ category: lab, count: 4 }], root }, { counts: [] }])
  refused(chain.submit(riverside, reportMsg([])), 'notAuthorised')
  refused(chain.submit(lakeside, reportMsg([], { access: objectFor('none') })), 'unknownAccess')
  refused(chain.submit(lakeside, reportMsg([], { patient: ben.handle })), 'unknownAccess')
  refused(chain.submit(lakeside, reportMsg([{ category: lab, count: 0 }])), 'countOutOfBounds')
  refused(chain.submit(lakeside, reportMsg([{ category: lab, count: 1 }, { category: lab, count: 2 }])), 'categoryRepeated')
})

test('an access takes 10,000 reports', () => {
  const chain = populated()
  grant(chain)
  const id = made(chain.do(lakeside, openMsg(doctor)))
  const reports = Array.from({ length: 500 }, () => ({ patient, access: id, counts: [], root: sha256(utf8('details')) }))
  for (let i = 0; i < 20; i++) chain.do(lakeside, msg('access.report', { reports }))
  refused(chain.submit(lakeside, msg('access.report', { reports: reports.slice(0, 1) })), 'tooManyReports')
})

test('1,024 accesses are open at most, of which those that ran out make room', () => {
  const chain = populated()
  grant(chain, { purposes: [] })
  const openings = (from: number, to: number) =>
    msg('access.open', { openings: Array.from({ length: to - from }, (_, i) => ({ patient, reader: doctor.did, purpose: `P${from + i}`, action: 'read' as const })) })
  for (let n = 0; n < 1_024; n += 256) chain.do(lakeside, openings(n, n + 256))
  refused(chain.submit(lakeside, openings(1_024, 1_025)), 'tooManyOpen')
  chain.checkInvariants()
  chain.pass(13 * HOUR_MS)
  chain.do(lakeside, openings(1_024, 1_025))
  expect(access.openAccessesOf(chain.state, patient)).toHaveLength(1)
  chain.checkInvariants()
})

test('after the end of an access its id still answers', () => {
  const chain = populated()
  grant(chain)
  const id = made(chain.do(lakeside, openMsg(doctor)))
  const before = access.access(chain.state, id)
  chain.pass(DAY_MS)
  chain.do(lakeside, openMsg(doctor))
  expect(access.access(chain.state, id)).toEqual({ ...before, open: false })
  expect(access.isActive(before as access.Access, chain.timeMs)).toBe(false)
  expect(access.access(chain.state, objectFor('none'))).toBeUndefined()
})

test('entries decode to what was encoded, and nothing else decodes', () => {
  const [id, rule] = [objectFor('a'), objectFor('b')]
  const people = { reader: doctor.did, organisation: lakeside.did }
  const at = { timeMs: 1_800_000_000_000 }
  const hash = sha256(utf8('terms'))
  const entries: [access.AccessEntry, number][] = [
    [{ kind: 'open', ...at, access: id, ...people, purpose: 'TREAT', action: 'read', untilMs: at.timeMs, tier: '7', rules: [rule] }, 110],
    [{ kind: 'close', ...at, access: id, reason: 'no-basis', endedMs: at.timeMs }, 38],
    [{ kind: 'refusal', ...at, ...people, purpose: 'TREAT', action: 'read', count: 7 }, 65],
    [{ kind: 'refusal', ...at, ...people, reader: null, purpose: 'TREAT', action: 'read', count: 7 }, 45],
    [{ kind: 'report', ...at, access: id, counts: [{ category: lab, count: 3 }], root: hash }, 74],
    [{ kind: 'grant', ...at, rule, effect: 'permit', terms: hash }, 69],
    [{ kind: 'modify', ...at, rule, effect: 'deny', terms: hash }, 67],
    [{ kind: 'revoke', ...at, rule }, 28],
    [{ kind: 'request', ...at, request: id, ...people }, 70],
    [{ kind: 'answer', ...at, request: id, rule: null }, 29],
    [{ kind: 'treatment', ...at, organisation: lakeside.did, untilMs: at.timeMs }, 41],
    [{ kind: 'contest', ...at, organisation: lakeside.did }, 32],
    [{ kind: 'order', ...at, order: rule, authority: lakeside.did, effect: 'deny', terms: hash, basis: hash }, 122],
    [{ kind: 'lift', ...at, order: rule, by: lakeside.did }, 49],
    [{ kind: 'appoint', ...at, delegation: id, delegate: ben.did, untilMs: at.timeMs, scope: hash }, 92],
    [{ kind: 'dismiss', ...at, delegate: ben.did }, 32],
    [{ kind: 'endorsement', ...at, ...people, purpose: 'TREAT', endorser: nurse.did, untilMs: at.timeMs }, 89],
    [{ kind: 'emergency', ...at, emergency: id, ...people, reason: 'danger-to-life', untilMs: at.timeMs }, 94],
    [{ kind: 'confirmation', ...at, emergency: id, confirmer: nurse.did, organisation: lakeside.did, untilMs: at.timeMs }, 79],
    [{ kind: 'review', ...at, emergency: id, reviewer: surgeon.did, organisation: riverside.did, outcome: 'unjustified' }, 82],
    [{ kind: 'dispute', ...at, emergency: id }, 28],
    [{ kind: 'label', ...at, record: recordFor('glucose'), by: riverside.did, added: [lab], removed: [lab] }, 69],
    [{ kind: 'label', ...at, record: recordFor('glucose'), by: null, added: [lab], removed: [] }, 40],
    [{ kind: 'claim-offer', ...at, organisation: lakeside.did, untilMs: at.timeMs }, 41],
    [{ kind: 'claim', ...at, organisation: lakeside.did, custodian: riverside.did }, 53],
  ]
  for (const [value, length] of entries) {
    const bytes = encodeAccessEntry(value)
    expect([value.kind, bytes.length]).toEqual([value.kind, length])
    expect(decodeAccessEntry(bytes)).toEqual(value)
    for (let i = 0; i < bytes.length; i++) expect(() => decodeAccessEntry(bytes.subarray(0, i))).toThrow()
  }
  expect(() => decodeAccessEntry(Uint8Array.of(0x82, 0x18, 0x18, 0x00))).toThrow('unknown kind')
})

test('every refusal was provoked, here or by emergencies.test.ts', () => {
  expect(unprovoked()).toEqual([
    'notClinician', 'notProfessional', 'notAnother', 'endNotAllowed', 'tooManyEndorsements', 'declaredBefore', 'unknownEmergency', 'emergencyOver',
    'alreadyConfirmed', 'notDeclarer', 'notIndependent', 'reviewClosed', 'contestTooLate', 'alreadyContested', 'notPatient',
  ])
})

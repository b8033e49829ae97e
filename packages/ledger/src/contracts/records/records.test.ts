import { compareBytes, custodyBatchRoot, custodyReceiptBytes, RecordFlag } from '@chiron/protocol'
import { expect, test } from 'vitest'
import {
  ada, ben, CHAIN_ID, DAY_MS, doctor, entry, handleFor, individual, keyholders, lakeside, msg, organisation, outsider, populated, putMsg, receiptsFor, recordFor, refusalLedger, riverside, surgeon,
  tagFor, terms, type ContractChain, type Person,
} from '../../../test/contract-chain.ts'
import { access, decideRecord, decideWrite, records } from '../index.ts'
import { decodeRecordEntry, encodeRecordEntry } from './entry.ts'

const { refused, unprovoked } = refusalLedger(records.recordsErrors)
const hiv = tagFor('hiv')
const both = { subjects: [ada.handle, ben.handle], furtherTags: [{ category: tagFor('ben laboratory'), labels: [] }] }

const byLakeside = (entries: Parameters<typeof putMsg>[0], who: Person = lakeside) => putMsg(entries, { recorder: who.did })

test('versions follow each other, and every one is found where it stands', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose'), entry('heart', { category: tagFor('imaging') })]))
  const { events } = chain.do(riverside, putMsg([entry('glucose', { version: 2 }), entry('glucose', { version: 3, flags: RecordFlag.tombstone })], { recorder: surgeon.did }))
  expect(events).toEqual([{ type: 'records.appended', attributes: { handle: ada.handle, author: riverside.did, from: 2, to: 4 } }])
  expect(records.recordHead(chain.state, recordFor('glucose'))).toMatchObject({ version: 3, flags: RecordFlag.tombstone, author: riverside.did, subjects: [{ handle: ada.handle, index: 3, labels: [] }] })
  const versions = [1, 2, 3].map((version) => records.recordVersion(chain.state, recordFor('glucose'), version)?.entry)
  expect(versions.map((e) => [e?.version, e?.recorder])).toEqual([[1, riverside.did], [2, surgeon.did], [3, surgeon.did]])
  expect(records.recordVersion(chain.state, recordFor('glucose'), 4)).toBeUndefined()
  expect([...records.recordsOf(chain.state, ada.handle, 1, 3)].map(([i, e]) => [i, e.version])).toEqual([[1, 1], [2, 2]])
  expect(records.authoredCount(chain.state, ada.handle, riverside.did)).toBe(4)
  chain.do(riverside, putMsg([entry('glucose', { version: 4 })]))
  chain.checkInvariants()
})

test('a version that does not follow the newest is refused, and the whole message with it', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose')]))
  refused(chain.submit(riverside, putMsg([entry('heart'), entry('glucose')])), 'versionConflict')
  refused(chain.submit(riverside, putMsg([entry('glucose', { version: 3 })])), 'versionConflict')
  refused(chain.submit(riverside, putMsg([entry('lungs', { version: 0 })])), 'versionConflict')
  expect(records.recordHead(chain.state, recordFor('heart'))).toBeUndefined()
  expect(records.authoredCount(chain.state, ada.handle, riverside.did)).toBe(1)
})

test('who writes: live members, through themselves or people who delegate to them', () => {
  const chain = populated()
  refused(chain.submit(outsider, putMsg([entry('glucose')])), 'notMember')
  chain.do(riverside, msg('identity.suspend', { did: lakeside.did, suspended: true }))
  refused(chain.submit(lakeside, byLakeside([entry('glucose')])), 'notMember')
  refused(chain.submit(riverside, putMsg([entry('glucose')], { recorder: doctor.did })), 'recorderInvalid')
  refused(chain.submit(riverside, putMsg([entry('glucose')], { recorder: outsider.did })), 'recorderInvalid')
  chain.do(riverside, putMsg([entry('glucose')], { recorder: surgeon.did }))
  chain.do(surgeon, msg('identity.revokeDelegation', { to: riverside.did }))
  refused(chain.submit(riverside, putMsg([entry('heart')], { recorder: surgeon.did })), 'recorderInvalid')
})

test('writing needs a treating relationship or a rule', () => {
  const chain = populated()
  refused(chain.submit(lakeside, byLakeside([entry('glucose')])), 'notPermitted')
  chain.do(lakeside, msg('consent.registerTreatment', { patient: ada.handle, until: chain.timeMs + DAY_MS }))
  chain.do(lakeside, byLakeside([entry('glucose', { labels: [hiv] })], doctor))
  refused(chain.submit(riverside, putMsg([entry('glucose', { version: 2 })])), 'notPermitted')
  chain.pass(2 * DAY_MS)
  refused(chain.submit(lakeside, byLakeside([entry('heart')])), 'notPermitted')
  // The author goes on correcting what it wrote.
  chain.do(lakeside, byLakeside([entry('glucose', { version: 2 })]))
  const permit = terms({ grantee: organisation(riverside), actions: ['write'], categories: [tagFor('laboratory')] })
  chain.do(ada, msg('consent.grant', { patient: ada.handle, terms: permit }))
  // A version that moves the record to another category needs a permit for both.
  refused(chain.submit(riverside, putMsg([entry('glucose', { version: 3, category: tagFor('imaging') })])), 'notPermitted')
  refused(chain.submit(riverside, putMsg([entry('glucose', { version: 3 })], { purpose: 'HMARKT' })), 'notPermitted')
  chain.do(riverside, putMsg([entry('glucose', { version: 3 })]))
  expect(records.recordHead(chain.state, recordFor('glucose'))?.author).toBe(riverside.did)
  chain.checkInvariants()
})

test('a record is not moved out of a category that the writer may not touch', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose')]))
  chain.do(ada, msg('consent.grant', { patient: ada.handle, terms: terms({ grantee: organisation(lakeside), actions: ['write'], categories: [tagFor('imaging')] }) }))
  refused(chain.submit(lakeside, byLakeside([entry('glucose', { version: 2, category: tagFor('imaging') })])), 'notPermitted')
  chain.do(lakeside, byLakeside([entry('bones', { category: tagFor('imaging') })]))
})

test('a denial of a person stops that person from writing, also in the author\'s own records', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose')]))
  chain.do(ada, msg('consent.grant', { patient: ada.handle, terms: terms({ effect: 'deny', grantee: individual(surgeon), purposes: [], actions: ['read', 'write'] }) }))
  refused(chain.submit(riverside, putMsg([entry('glucose', { version: 2 })], { recorder: surgeon.did })), 'notPermitted')
  chain.do(riverside, putMsg([entry('glucose', { version: 2 })]))
})

test('a record of several subjects stands in each list, and needs a permit for each', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('twins', both)]))
  expect(records.recordHead(chain.state, recordFor('twins'))?.subjects.map((s) => [s.index, s.category])).toEqual([[0, tagFor('laboratory')], [0, tagFor('ben laboratory')]])
  expect([...records.recordsOf(chain.state, ben.handle)].map(([, e]) => e.others)).toEqual([[ada.handle]])
  const request = { reader: doctor.did, organisation: lakeside.did, purpose: 'TREAT', action: 'read' as const, record: recordFor('twins') }
  const grant = (who: Person) => chain.do(who, msg('consent.grant', { patient: who.handle, terms: terms({ grantee: organisation(lakeside) }) }))
  grant(ada)
  expect(decideRecord(chain.state, request, chain.timeMs)).toMatchObject({ effect: 'deny', tier: '9' })
  grant(ben)
  expect(decideRecord(chain.state, request, chain.timeMs)).toMatchObject({ effect: 'permit', tier: '7' })
  expect(decideRecord(chain.state, request, chain.timeMs).rules).toHaveLength(2)
  chain.do(ada, msg('consent.grant', { patient: ada.handle, terms: terms({ grantee: organisation(lakeside), actions: ['write'] }) }))
  refused(chain.submit(lakeside, byLakeside([entry('twins', { ...both, version: 2 })])), 'notPermitted')
  refused(chain.submit(riverside, putMsg([entry('twins', { version: 2 })])), 'subjectsChanged')
  const swapped = { ...both, subjects: [ben.handle, ada.handle] }
  refused(chain.submit(riverside, putMsg([entry('twins', { ...swapped, version: 2 })])), 'subjectsChanged')
  chain.do(riverside, putMsg([entry('twins', { ...both, version: 2 })]))
  chain.checkInvariants()
})

test('subjects are distinct, have tags, and are of the right kind', () => {
  const chain = populated()
  const put = (fields: Parameters<typeof entry>[1]) => chain.submit(riverside, putMsg([entry('x', fields)]))
  refused(put({ ...both, subjects: [ada.handle, ada.handle] }), 'subjectsNotDistinct')
  refused(put({ subjects: [ada.handle, ben.handle] }), 'subjectsNotDistinct')
  refused(put({ furtherTags: both.furtherTags }), 'subjectsNotDistinct')
  refused(put({ subjects: [handleFor('nobody')] }), 'unknownSubject')
  refused(put({ subjects: [riverside.handle] }), 'unknownSubject')
  refused(put({ flags: RecordFlag.directory }), 'unknownSubject')
  refused(put({ flags: RecordFlag.directory, subjects: [lakeside.handle] }), 'unknownSubject')
  refused(put({ flags: RecordFlag.internal, subjects: [riverside.handle], labels: [hiv] }), 'labelsNotAllowed')
  refused(put({ size: 0 }), 'sizeNotAllowed')
  refused(put({ size: 2 ** 32 }), 'sizeNotAllowed')
})

test('flags are known, fit together, and last', () => {
  const chain = populated()
  const put = (fields: Parameters<typeof entry>[1]) => chain.submit(riverside, putMsg([entry('x', fields)]))
  for (const flags of [32, 2 ** 33, RecordFlag.tombstone, RecordFlag.identity | RecordFlag.internal, RecordFlag.directory | RecordFlag.internal]) {
    refused(put({ flags, subjects: [riverside.handle] }), 'flagsNotAllowed')
  }
  chain.do(riverside, putMsg([entry('x', { flags: RecordFlag.identity })]))
  refused(put({ version: 2 }), 'flagsNotAllowed')
  chain.do(riverside, putMsg([entry('x', { version: 2, flags: RecordFlag.identity | RecordFlag.tombstone })]))
})

test('the directory is read by every member, what is internal only at home', () => {
  const chain = populated()
  const own = { subjects: [riverside.handle] }
  chain.do(riverside, putMsg([entry('ward', { ...own, flags: RecordFlag.directory }), entry('stock', { ...own, flags: RecordFlag.internal })]))
  const decideFor = (reader: Person, org: Person, record: string, purpose = 'TREAT') =>
    decideRecord(chain.state, { reader: reader.did, organisation: org.did, purpose, action: 'read', record: recordFor(record) }, chain.timeMs).code
  expect(decideFor(lakeside, lakeside, 'ward', 'HOPERAT')).toBe('PERMIT_DIRECTORY')
  expect(decideFor(ada, riverside, 'ward')).toBe('PERMIT_DIRECTORY')
  expect(decideFor(doctor, lakeside, 'stock')).toBe('DENY_DEFAULT')
  expect(decideFor(ada, riverside, 'stock')).toBe('DENY_DEFAULT')
  expect(decideFor(surgeon, riverside, 'stock')).toBe('PERMIT_OWN')
})

test('labels: versions add; author and patient each change their own, and a record has both', () => {
  const chain = populated()
  const label = (labels: typeof hiv[], fields: { record?: string; subject?: typeof ada.handle; change?: 'add' | 'remove' } = {}) => {
    const { record = 'glucose', ...rest } = fields
    return msg('records.label', { record: recordFor(record), labels, ...rest })
  }
  const labelsNow = (record = 'glucose', who = ada) => records.labelsOf(chain.state, who.handle, recordFor(record))
  chain.do(riverside, putMsg([entry('glucose', { labels: [hiv] }), entry('twins', both)]))
  const genetics = tagFor('genetics')
  const both2 = [hiv, genetics].sort(compareBytes)
  chain.do(ada, label([genetics]))
  expect(labelsNow()).toEqual(both2)
  expect(records.labelSetsOf(chain.state, ada.handle, recordFor('glucose'))).toEqual({ given: [hiv], own: [genetics] })
  chain.do(riverside, putMsg([entry('glucose', { version: 2, labels: [genetics] })]))
  expect(records.labelSetsOf(chain.state, ada.handle, recordFor('glucose'))).toEqual({ given: both2, own: [genetics] })
  expect(labelsNow()).toEqual(both2)
  chain.do(riverside, label([]))
  expect(labelsNow()).toEqual([genetics])
  chain.do(riverside, label([hiv], { change: 'add' }))
  chain.do(riverside, label([genetics], { change: 'remove' }))
  chain.do(ada, label([hiv], { change: 'remove' }))
  expect(labelsNow()).toEqual(both2)
  chain.do(ada, label([hiv], { change: 'add' }))
  chain.do(ada, label([genetics], { change: 'remove' }))
  chain.do(riverside, label([]))
  expect(labelsNow()).toEqual([hiv])
  chain.do(ada, label([]))
  expect(labelsNow()).toEqual([])
  expect(chain.state.fact(records.labelsKey(ada.handle, recordFor('glucose')))).toBeUndefined()
  refused(chain.submit(ben, label([hiv])), 'notAuthorised')
  refused(chain.submit(lakeside, label([hiv])), 'notAuthorised')
  refused(chain.submit(ada, label([hiv], { record: 'none' })), 'unknownRecord')
  refused(chain.submit(ada, label([hiv], { record: 'twins' })), 'unknownSubject')
  refused(chain.submit(ada, label([hiv], { subject: ben.handle })), 'unknownSubject')
  chain.do(ben, label([hiv], { record: 'twins', subject: ben.handle }))
  chain.do(riverside, label([], { record: 'twins', subject: ben.handle }))
  expect(labelsNow('twins', ben)).toEqual([hiv])
  expect(labelsNow('twins', ada)).toEqual([])
  chain.do(ben, label([], { record: 'twins', subject: ben.handle }))
  expect(labelsNow('twins', ben)).toEqual([])
  const nine = Array.from({ length: 9 }, (_, i) => tagFor(`label ${i}`))
  chain.do(riverside, label(nine.slice(0, 8)))
  refused(chain.submit(riverside, putMsg([entry('glucose', { version: 3, labels: nine.slice(8) })])), 'labelsNotAllowed')
  refused(chain.submit(ada, label(nine.slice(8))), 'labelsNotAllowed')
  chain.checkInvariants()
})

test('a change of labels stands in the list of the patient, one that changes nothing leaves no trace', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose', { labels: [hiv] })]))
  const size = chain.state.listSize('accesses', ada.handle)
  const label = (labels: typeof hiv[], change: 'add' | 'remove') => msg('records.label', { record: recordFor('glucose'), labels, change })
  expect(chain.do(riverside, label([hiv], 'add')).events).toEqual([])
  expect(chain.do(ada, label([hiv], 'remove')).events).toEqual([])
  expect(chain.state.listSize('accesses', ada.handle)).toBe(size)
  expect(chain.do(ada, label([tagFor('genetics')], 'add')).events).toEqual([{ type: 'records.labelled', attributes: { handle: ada.handle, record: recordFor('glucose') } }])
  chain.do(riverside, label([hiv], 'remove'))
  expect([...access.accessEntries(chain.state, ada.handle)].slice(size).map(([, e]) => e)).toMatchObject([
    { kind: 'label', record: recordFor('glucose'), by: null, added: [tagFor('genetics')], removed: [] },
    { kind: 'label', by: riverside.did, added: [], removed: [hiv] },
  ])
})

test('who has the keys of a patient in custody puts labels on and takes none off', () => {
  const chain = populated({ sample: false })
  chain.do(riverside, putMsg([entry('glucose')]))
  const label = (change: 'add' | 'remove') => msg('records.label', { record: recordFor('glucose'), labels: [hiv], change })
  chain.do(ada, label('add'))
  refused(chain.submit(ada, label('remove')), 'custodial')
  expect(records.labelsOf(chain.state, ada.handle, recordFor('glucose'))).toEqual([hiv])
})

test('what will be decided can be asked beforehand', () => {
  const chain = populated()
  const ask = (chainNow: ContractChain, org: Person) =>
    decideWrite(chainNow.state, { reader: org.did, organisation: org.did, purpose: 'TREAT', entry: entry('twins', both) }, chainNow.timeMs)
  expect(ask(chain, riverside)).toMatchObject({ effect: 'permit', code: 'PERMIT_TREATING' })
  expect(ask(chain, lakeside)).toMatchObject({ effect: 'deny', tier: '9' })
  expect(ask(chain, outsider)).toMatchObject({ effect: 'deny', tier: '0' })
})

test('an entry is at most 300 bytes', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose')]), putMsg([entry('heart')], { recorder: surgeon.did }))
  expect([0, 1].map((i) => chain.state.entry('records', ada.handle, i)?.length)).toEqual([167, 187])
  const largest = encodeRecordEntry({
    ...(records.recordHead(chain.state, recordFor('heart'))?.entry as records.RecordEntry),
    version: 0xffff_ffff, flags: 31, size: 0xffff_ffff, custodySet: 0xffff_ffff, others: ['b', 'c', 'd'].map(handleFor),
  })
  expect(largest.length).toBe(300)
})

test('dates stand under each subject, take no more room, and are decided on', () => {
  const chain = populated()
  const dates = { from: 1_000_000, until: 1_000_003 }
  const dated = { ...both, dates, furtherTags: [{ category: tagFor('ben laboratory'), labels: [], dates: { from: 7, until: 7 } }] }
  chain.do(riverside, putMsg([entry('twins', dated), entry('day', { dates: { from: 20_000, until: 20_000 } })], { recorder: surgeon.did }))
  expect(records.recordHead(chain.state, recordFor('twins'))?.subjects.map((s) => s.dates)).toEqual([dates, { from: 7, until: 7 }])
  expect(chain.state.entry('records', ada.handle, 1)?.length).toBe(184)
  const read = (record: string) => decideRecord(chain.state, { reader: doctor.did, organisation: lakeside.did, purpose: 'TREAT', action: 'read', record: recordFor(record) }, chain.timeMs).effect
  const grant = (who: Person, data: { from: number | null; until: number | null }) =>
    chain.do(who, msg('consent.grant', { patient: who.handle, terms: terms({ grantee: organisation(lakeside), data }) }))
  grant(ada, { from: 20_000, until: 20_001 })
  expect([read('day'), read('twins')]).toEqual(['permit', 'deny'])
  grant(ada, { from: null, until: 1_000_004 })
  expect(read('twins')).toBe('deny')
  grant(ben, { from: 7, until: null })
  expect(read('twins')).toBe('permit')
  refused(chain.submit(riverside, putMsg([entry('ward', { subjects: [riverside.handle], flags: RecordFlag.directory, dates })])), 'datesNotAllowed')
  chain.checkInvariants()
})

test('a record is not moved out of the days that the writer may touch', () => {
  const chain = populated()
  const at = (day: number) => ({ dates: { from: day, until: day } })
  chain.do(riverside, putMsg([entry('old', at(10)), entry('new', at(30)), entry('undated')]))
  chain.do(ada, msg('consent.grant', { patient: ada.handle, terms: terms({ grantee: organisation(lakeside), actions: ['write'], data: { from: 20, until: null } }) }))
  refused(chain.submit(lakeside, byLakeside([entry('old', { version: 2, ...at(25) })])), 'notPermitted')
  refused(chain.submit(lakeside, byLakeside([entry('new', { version: 2, ...at(15) })])), 'notPermitted')
  refused(chain.submit(lakeside, byLakeside([entry('new', { version: 2 })])), 'notPermitted')
  refused(chain.submit(lakeside, byLakeside([entry('undated', { version: 2 })])), 'notPermitted')
  chain.do(lakeside, byLakeside([entry('new', { version: 2, ...at(25) })]))
})

test('who wrote the first version keeps the author’s right when another amends it', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose')]))
  const amend = (version: number) => chain.do(lakeside, byLakeside([entry('glucose', { version })]))
  chain.do(ada, msg('consent.grant', { patient: ada.handle, terms: terms({ grantee: organisation(lakeside), actions: ['write'] }) }))
  amend(2)
  amend(3)
  const decided = (who: Person, org: Person) => decideRecord(chain.state, { reader: who.did, organisation: org.did, purpose: 'TREAT', action: 'read', record: recordFor('glucose') }, chain.timeMs).code
  expect([decided(surgeon, riverside), decided(doctor, lakeside)]).toEqual(['PERMIT_AUTHOR', 'PERMIT_AUTHOR'])
  expect([1, 2, 3].map((version) => records.recordVersion(chain.state, recordFor('glucose'), version)).map((v) => [v?.author, v?.firstAuthor])).toEqual([
    [riverside.did, riverside.did], [lakeside.did, riverside.did], [lakeside.did, riverside.did],
  ])
  chain.checkInvariants()
  chain.do(riverside, putMsg([entry('glucose', { version: 4 })]))
  // Neither the first author nor the newest: what lay between gives no right.
  expect([decided(surgeon, riverside), decided(doctor, lakeside)]).toEqual(['PERMIT_AUTHOR', 'DENY_DEFAULT'])
  chain.checkInvariants()
})

test('entries with dates read back, in at most 300 bytes', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose')], { recorder: surgeon.did }))
  const stored = records.recordHead(chain.state, recordFor('glucose'))?.entry as records.RecordEntry
  const largest = {
    ...stored, version: 0xffff_ffff, flags: 31, size: 0xffff_ffff, custodySet: 0xffff_ffff, others: ['b', 'c', 'd'].map(handleFor), dates: { from: 0x8000_0000, until: 0xffff_ffff },
  }
  const bytes = encodeRecordEntry(largest)
  expect(bytes.length).toBe(298)
  expect(decodeRecordEntry(bytes)).toEqual(largest)
  for (const entryOf of [{ ...largest, recorder: largest.author, others: [] }, { ...largest, dates: { from: 0, until: 0 } }, { ...largest, dates: null }]) {
    expect(decodeRecordEntry(encodeRecordEntry(entryOf))).toEqual(entryOf)
  }
  for (let i = 0; i < bytes.length; i++) expect(() => decodeRecordEntry(bytes.subarray(0, i))).toThrow()
  // Days beyond 32 bits, and a handle cut short.
  expect(() => decodeRecordEntry(encodeRecordEntry({ ...largest, dates: { from: 0xffff_ffff, until: 0x1_0000_0000 } }))).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL_SCHEMA' }))
  expect(() => decodeRecordEntry(encodeRecordEntry({ ...largest, others: [handleFor('b').subarray(1) as typeof ada.handle] }))).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL_SCHEMA' }))
})

test('every refusal was provoked', () => expect(unprovoked()).toEqual([]))

test('names the receipts that handling a message will verify, and nobody else\'s', () => {
  const chain = populated()
  const contract = chain.contracts.find(({ name }) => name === 'records')
  const entries = [entry('one'), entry('two')]
  const message = putMsg(entries)
  const root = custodyBatchRoot(entries)
  const expected = receiptsFor(root, 0, 3).map(({ signature }, n) => ({ publicKey: keyholders(3)[n]?.signingKey, message: custodyReceiptBytes(CHAIN_ID, 1, root), signature }))
  expect(contract?.signatures(chain.state, CHAIN_ID, message)).toEqual(expected)
  expect(contract?.signatures(chain.state, CHAIN_ID, putMsg(entries, { custodySet: 2 }))).toEqual([])
  expect(contract?.signatures(chain.state, CHAIN_ID, msg('records.label', { record: recordFor('one'), labels: [] }))).toEqual([])
})

import { derivedId, encodeCanonical, toHex, type Handle, utf8, type Message } from '@chiron/protocol'
import { expect, test } from 'vitest'
import {
  ada, ben, ContractChain, DAY_MS, doctor, entry, lakeside, msg, nurse, openMsg, organisation, populate, populated, putMsg, riverside, surgeon, tagFor, terms, type Person,
} from '../../../test/contract-chain.ts'
import { identity, indexPatient, Overlay, patientFacts, patientSnapshot, type PatientSnapshot, type StateReader } from '../../index.ts'
import { contentVersion } from '../versions.ts'
import { SnapshotCache, type PatientContent } from './snapshot-cache.ts'

const patient = ada.handle
const version = (state: StateReader, handle: Handle = patient) => toHex(contentVersion(state, handle) ?? new Uint8Array())
const built = (state: StateReader, handle: Handle = patient): PatientSnapshot => indexPatient(patientFacts(state, handle))
const grantMsg = msg('consent.grant', { patient, terms: terms({ grantee: organisation(lakeside) }) })

test('the same content gives the same snapshot, another content another, also when it comes back', () => {
  const chain = populated()
  const first = patientSnapshot(chain.state, patient)
  expect(patientSnapshot(chain.state, patient)).toBe(first)
  expect(first).toEqual(built(chain.state))
  const rule = derivedId(chain.do(ada, grantMsg).txId, 0)
  const second = patientSnapshot(chain.state, patient)
  expect(second).toEqual(built(chain.state))
  expect(second.facts.rules).toHaveLength(1)
  chain.do(ada, msg('consent.revoke', { patient, rule }))
  expect(patientSnapshot(chain.state, patient)).toEqual(first)
})

test('writes that are not committed are seen where they are, and nowhere else', () => {
  const chain = populated()
  chain.do(ada, grantMsg)
  const committed = patientSnapshot(chain.state, patient)
  const contract = chain.contracts.find((c) => c.name === 'consent')
  const buffer = new Overlay(chain.state, 'contract')
  const block = { chainId: 'contracts-1', height: 99, timeMs: chain.timeMs + 1 }
  contract?.handle({ block, txId: new Uint8Array(32) as never, messageIndex: 0, signer: ada.did, state: buffer, emit: () => undefined }, grantMsg)
  expect(patientSnapshot(buffer, patient).facts.rules).toHaveLength(2)
  expect(patientSnapshot(chain.state, patient)).toEqual(committed)
  expect(patientSnapshot(buffer, patient)).toEqual(built(buffer))
})

test('two chains with the same transactions and other content do not share', () => {
  const [one, other] = [populated(), populated()]
  one.do(ada, grantMsg)
  other.do(ada, msg('consent.grant', { patient, terms: terms({ grantee: organisation(riverside) }) }))
  expect(version(one.state)).not.toBe(version(other.state))
  for (const chain of [one, other, one]) expect(patientSnapshot(chain.state, patient)).toEqual(built(chain.state))
  // A handle about which nothing was written has no version, and is not kept.
  expect(version(new ContractChain().state)).toBe('')
})

test('who owns a handle, and who holds whose keys, is looked at anew: it is not written about the handle', () => {
  const chain = new ContractChain({ sample: false })
  populate(chain)
  const free = (who: Person): void => chain.state.setFact(identity.identityKeys.identity(who.did), encodeCanonical({ ...identity.identity(chain.state, who.did), controller: null }))
  const [before, custodial] = [version(chain.state), patientSnapshot(chain.state, patient)]
  expect(custodial.facts.owner).toMatchObject({ custodial: true })
  free(ada)
  expect(version(chain.state)).toBe(before)
  expect(patientSnapshot(chain.state, patient).facts.owner).toMatchObject({ custodial: false })
  expect(custodial.facts.owner).toMatchObject({ custodial: true })
  chain.do(ada, msg('consent.appointDelegate', { patient, delegate: ben.did, actions: ['read'], categories: [], labels: [], until: chain.timeMs + DAY_MS }))
  expect(patientSnapshot(chain.state, patient).facts.delegates).toMatchObject([{ custodial: true }])
  free(ben)
  expect(patientSnapshot(chain.state, patient).facts.delegates).toMatchObject([{ custodial: false }])
  expect(patientSnapshot(chain.state, patient)).toEqual(built(chain.state))
})

/** One of each message that writes what a snapshot is made of. */
const WRITES: readonly (readonly [string, Person, (chain: ContractChain) => Message])[] = [
  ['rule', ada, () => grantMsg],
  ['treatment', lakeside, (c) => msg('consent.registerTreatment', { patient, until: c.timeMs + DAY_MS })],
  ['contest', ada, () => msg('consent.contestTreatment', { patient, organisation: lakeside.did })],
  ['order', riverside, () => msg('consent.order', { patient, terms: terms({ grantee: { kind: 'anyone' }, effect: 'deny', purposes: ['HMARKT'] }), basis: new Uint8Array(32) })],
  ['order for all', riverside, () => msg('consent.order', { patient: null, terms: terms({ grantee: { kind: 'anyone' }, effect: 'deny', purposes: ['HMARKT'] }), basis: new Uint8Array(32) })],
  ['delegate', ada, (c) => msg('consent.appointDelegate', { patient, delegate: ben.did, actions: ['read'], categories: [], labels: [], until: c.timeMs + DAY_MS })],
  ['dismissal', ada, () => msg('consent.dismissDelegate', { patient, delegate: ben.did })],
  ['endorsement', lakeside, (c) => msg('access.endorse', { patient, reader: doctor.did, purpose: 'TREAT', endorser: nurse.did, until: c.timeMs + 60_000 })],
  ['emergency', lakeside, () => msg('access.breakGlass', { patient, reader: doctor.did, reason: 'disaster' })],
  ['author', riverside, () => putMsg([entry('first')])],
]

test('every write to what a snapshot is made of moves the version on; what it is not made of does not', () => {
  const chain = populated()
  chain.do(riverside, msg('identity.attest', { subject: riverside.did, role: 'regulator', until: chain.timeMs + DAY_MS }))
  for (const [name, signer, make] of WRITES) {
    const [before, bens] = [version(chain.state), version(chain.state, ben.handle)]
    const facts = patientFacts(chain.state, patient)
    chain.do(signer, make(chain))
    expect([name, version(chain.state) === before]).toEqual([name, false])
    expect([name, patientFacts(chain.state, patient)]).not.toEqual([name, facts])
    expect([name, version(chain.state, ben.handle) === bens]).toEqual([name, name !== 'order for all'])
    chain.checkInvariants()
  }
  const last = version(chain.state)
  chain.do(riverside, putMsg([entry('second', { labels: [tagFor('hiv')] })]), openMsg(surgeon))
  expect(version(chain.state)).toBe(last)
})

/** Notes which keys are read. */
function watched(state: StateReader, seen: Set<string>): StateReader {
  const note = <K extends Uint8Array>(key: K): K => (seen.add(toHex(key)), key)
  return {
    fact: (key) => state.fact(note(key)),
    facts: (prefix) => [...state.facts(prefix)].map(([key, value]) => [note(key), value] as const),
    flat: (key) => state.flat(note(key)),
    flats: (prefix) => [...state.flats(prefix)].map(([key, value]) => [note(key), value] as const),
    listSize: (kind, handle) => state.listSize(kind, handle),
    entry: (kind, handle, index) => state.entry(kind, handle, index),
    entries: (kind, handle, from, to) => state.entries(kind, handle, from, to),
  }
}

test('a snapshot is read from versioned tables, the handle, identities and settings, and from nothing else', () => {
  const chain = populated()
  chain.do(riverside, msg('identity.attest', { subject: riverside.did, role: 'regulator', until: chain.timeMs + DAY_MS }))
  for (const [name, signer, make] of WRITES) if (!['contest', 'dismissal'].includes(name)) chain.do(signer, make(chain))
  const seen = new Set<string>()
  patientFacts(watched(chain.state, seen), patient)
  const prefixes = new Set([...seen].map((key) => /^(?:[0-9a-f]{2})*?2f(?:[0-9a-f]{2})*?2f/.exec(key)?.[0] ?? '').map((hex) => Buffer.from(hex, 'hex').toString()))
  expect([...prefixes].sort()).toEqual(['acc/c/', 'acc/e/', 'con/d/', 'con/o/', 'con/r/', 'con/t/', 'con/w/', 'id/d/', 'id/h/', 'net/s/', 'rec/a/'])
})

test('what is kept is bounded, and what was used last stays', () => {
  const cache = new SnapshotCache(30)
  const rules = (n: number): PatientContent['rules'] => new Map(Array.from({ length: n }, (_, i) => [`${i}`, { bytes: new Uint8Array(), facts: {} as never }]))
  let made = 0
  const get = (handle: string, at = 'v1', standing = '', n = 9) =>
    cache.get(handle, utf8(at), standing, { read: () => ({ rules: rules(n) }) as PatientContent, index: () => ({ made: ++made }) as unknown as PatientSnapshot })
  const [a, b] = [get('a'), get('b')]
  expect(cache.weight).toBe(20)
  expect([get('a'), get('b'), get('a')]).toEqual([a, b, a])
  get('c')
  get('d')
  expect(cache.weight).toBe(30)
  expect(get('a')).toBe(a)
  expect(get('b')).not.toBe(b)
  expect(get('a', 'v2')).not.toBe(a)
  expect(get('a', 'v2', 'claimed')).not.toBe(get('a', 'v2'))
  // One that is larger than all the room is made each time.
  const large = get('large', 'v1', '', 100)
  expect(get('large', 'v1', '', 100)).not.toBe(large)
  expect(cache.weight).toBeLessThanOrEqual(30)
})

import { equalBytes, toHex, type Did, type Handle, type ObjectId, type RecordEntryMessage, type RecordId } from '@chiron/protocol'
import { deciderFor, invalid, joinDecisions, type Decider } from '../../decide/decide.ts'
import type { PatientSnapshot } from '../../decide/snapshot.ts'
import type { AccessRequest, Decision, ReaderFacts, RecordFacts } from '../../decide/types.ts'
import type { StateReader } from '../../state/reader.ts'
import * as access from '../access/index.ts'
import * as records from '../records/index.ts'
import { patientSnapshot, readerFacts } from './snapshot.ts'

/** What decisions are made from, at one state. Whoever keeps it must keep it true. */
export interface DecisionFacts {
  reader(did: Did, organisation: Did): ReaderFacts
  patient(handle: Handle): PatientSnapshot
  /** The newest version of a record. */
  head(record: RecordId): records.RecordVersion | undefined
}

/** Facts as the state has them, read anew each time. */
export function factsOf(state: StateReader): DecisionFacts {
  return {
    reader: (did, organisation) => readerFacts(state, did, organisation),
    patient: (handle) => patientSnapshot(state, handle),
    head: (record) => records.recordHead(state, record),
  }
}

/** Decides records, one after the other, at one state and time. */
export type RecordDecider = (record: RecordId) => Decision

/**
 * Decides any number of records for one request: each subject's snapshot is built once. A record with several subjects
 * needs a permit for each. An unknown record is DENY_INVALID.
 */
export function recordDecider(state: StateReader, request: AccessRequest, timeMs: number): RecordDecider {
  return recordDeciderFrom(factsOf(state), request, timeMs)
}

/** As {@link recordDecider}, from facts that are at hand. */
export function recordDeciderFrom(facts: DecisionFacts, request: AccessRequest, timeMs: number): RecordDecider {
  const deciderOf = deciders(facts, request, timeMs)
  return (record) => {
    const head = facts.head(record)
    return head === undefined ? invalid() : decideHead(head, deciderOf)
  }
}

/** As {@link recordDecider}, for one record. */
export function decideRecord(state: StateReader, request: AccessRequest & { readonly record: RecordId }, timeMs: number): Decision {
  return recordDecider(state, request, timeMs)(request.record)
}

/**
 * Decides writes of one request, for each subject by itself. Good while nothing that is decided on changes: consent,
 * identities, members.
 */
export function writeDecider(state: StateReader, request: AccessRequest, timeMs: number, facts: DecisionFacts = factsOf(state)): (handle: Handle, record: RecordFacts) => Decision {
  const deciderOf = deciders(facts, request, timeMs)
  return (handle, record) => deciderOf(handle)({ kind: 'record', record })
}

/**
 * Decides whether an entry may be written, as `records.put` will, all subjects joined.
 * @throws ContractError records/7 or records/13 for an entry whose tags do not fit
 */
export function decideWrite(state: StateReader, request: Omit<AccessRequest, 'action'> & { readonly entry: RecordEntryMessage }, timeMs: number): Decision {
  const decideOne = writeDecider(state, { ...request, action: 'write' }, timeMs)
  const writes = records.writesOf(state, request.entry, records.recordHead(state, request.entry.record))
  return joinDecisions(writes.map(({ handle, record }) => decideOne(handle, record)))
}

/**
 * What an access covers, record by record: it is active, every other subject of the record has the same access open, and
 * the record is permitted now. DENY_INVALID where the access is not active or not about the record.
 */
export function accessDecider(state: StateReader, id: ObjectId, timeMs: number, facts: DecisionFacts = factsOf(state)): RecordDecider {
  const found = access.access(state, id)
  if (found === undefined || !access.isActive(found, timeMs)) return () => invalid()
  const deciderOf = deciders(facts, found, timeMs)
  const opened = new Map([[toHex(found.handle), true]])
  const isOpen = (handle: Handle): boolean => {
    const key = toHex(handle)
    const known = opened.get(key) ?? access.findOpen(state, { ...found, handle }, timeMs) !== undefined
    opened.set(key, known)
    return known
  }
  return (record) => {
    const head = facts.head(record)
    if (head === undefined || !head.subjects.some((s) => toHex(s.handle) === toHex(found.handle))) return invalid()
    return head.subjects.every((s) => isOpen(s.handle)) ? decideHead(head, deciderOf) : invalid()
  }
}

/** Whether an access covers a record at block time `timeMs`: what a keyholder checks before it releases. SPEC-ACC-3. */
export function coversRecord(state: StateReader, id: ObjectId, record: RecordId, timeMs: number): boolean {
  return accessDecider(state, id, timeMs)(record).effect === 'permit'
}

function decideHead(head: records.RecordVersion, deciderOf: (handle: Handle) => Decider): Decision {
  const { record: id, author, firstAuthor, flags } = head
  return joinDecisions(
    head.subjects.map(({ handle, category, labels, dates }) =>
      deciderOf(handle)({ kind: 'record', record: { id, state: 'present', author, firstAuthor, dates, category, labels, flags } }),
    ),
  )
}

function deciders(facts: DecisionFacts, request: AccessRequest, timeMs: number): (handle: Handle) => Decider {
  const reader = facts.reader(request.reader, request.organisation)
  const { organisation, purpose, action } = request
  const known = new Map<string, Decider>()
  let last: { readonly handle: Handle; readonly decider: Decider } | undefined
  return (handle) => {
    if (last !== undefined && equalBytes(last.handle, handle)) return last.decider
    const key = toHex(handle)
    const decider = known.get(key) ?? deciderFor({ reader: reader.did, organisation, purpose, action }, { reader, patient: facts.patient(handle) }, timeMs)
    known.set(key, decider)
    last = { handle, decider }
    return decider
  }
}

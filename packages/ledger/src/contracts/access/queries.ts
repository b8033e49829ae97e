import type { Did, Handle, ObjectId } from '@chiron/protocol'
import type { StateReader } from '../../state/reader.ts'
import { getEmergency, listAllEmergencies, listEmergencies, listSettled, type EmergencyRecord } from './emergency-state.ts'
import type { AccessEntry, OpenEntry } from './entries.ts'
import type { AccessPorts } from './ports.ts'
import * as store from './state.ts'

/** An access. `untilMs` may be earlier than what its entry in the list says, never later. */
export interface Access extends store.OpenRecord {
  readonly id: ObjectId
  readonly handle: Handle
  /** Whether its fact is there. It is active only while block time is before `untilMs`, too. */
  readonly open: boolean
}

/** An access by its id, also after it ended. */
export function access(state: StateReader, id: ObjectId): Access | undefined {
  const place = store.getPlace(state, id)
  if (place === undefined) return undefined
  const record = store.getOpen(state, place.handle, id)
  if (record !== undefined) return { id, handle: place.handle, open: true, ...record }
  const entry = store.getEntry(state, place.handle, place.index)
  return entry?.kind === 'open' ? endedAccess(place.handle, entry) : undefined
}

export function isActive(found: Access, timeMs: number): boolean {
  return found.open && timeMs < found.untilMs
}

/** Accesses of a handle whose fact is there; some may have run out. */
export function openAccessesOf(state: StateReader, handle: Handle): Access[] {
  return [...store.listOpen(state, handle)].map(([id, record]) => ({ id, handle, open: true, ...record }))
}

/** The active access of a reader through an organisation, for a purpose and an action. */
export function findOpen(state: StateReader, subject: store.AccessSubject & { readonly handle: Handle }, timeMs: number): Access | undefined {
  const id = store.findSubject(state, subject.handle, subject)
  const record = id && store.getOpen(state, subject.handle, id)
  if (id === undefined || record === undefined || timeMs >= record.untilMs) return undefined
  return { id, handle: subject.handle, open: true, ...record }
}

/** The patient's list with each entry's index, oldest first; in [from, to). */
export function accessEntries(state: StateReader, handle: Handle, from = 0, to?: number): Iterable<readonly [index: number, entry: AccessEntry]> {
  return store.listEntries(state, handle, from, to)
}

/**
 * Whether an organisation may name a reader in a patient's list whom its gateway refused: one for whom it speaks, or the
 * patient to whom the list belongs. Else it could accuse anybody. SPEC-ACC-10.
 */
export function mayNameRefused(
  state: StateReader,
  ports: Pick<AccessPorts, 'isReaderOf' | 'handleOwner'>,
  { patient, reader, organisation }: { readonly patient: Handle; readonly reader: Did; readonly organisation: Did },
  timeMs: number,
): boolean {
  return ports.isReaderOf(state, reader, organisation, timeMs) || ports.handleOwner(state, patient) === reader
}

export interface Emergency extends EmergencyRecord {
  readonly id: ObjectId
  readonly handle: Handle
}

/** An emergency, also one that is over and reviewed. */
export function emergency(state: StateReader, handle: Handle, id: ObjectId): Emergency | undefined {
  const record = getEmergency(state, handle, id)
  return record && { id, handle, ...record }
}

/** Emergencies about a handle that may last or wait for a review; some are over. What a snapshot is made of. */
export function openEmergenciesOf(state: StateReader, handle: Handle): Emergency[] {
  return [...listEmergencies(state, handle)].map(([id, record]) => ({ id, handle, ...record }))
}

/** Every emergency about a handle, those that are settled last. */
export function emergenciesOf(state: StateReader, handle: Handle): Emergency[] {
  return [...listEmergencies(state, handle), ...listSettled(state, handle)].map(([id, record]) => ({ id, handle, ...record }))
}

/** Emergencies about everybody that may last or wait for a review; some are over. */
export function openEmergencies(state: StateReader): Emergency[] {
  return [...listAllEmergencies(state)].map(([handle, id, record]) => ({ id, handle, ...record }))
}

/** Emergencies that wait for a review: what each reviewing organisation works off. */
export function openReviews(state: StateReader): Emergency[] {
  return openEmergencies(state).filter(({ review }) => review === null)
}

function endedAccess(handle: Handle, { access: id, timeMs, kind: _kind, rules, ...entry }: OpenEntry): Access {
  return { id, handle, open: false, openedMs: timeMs, categories: [], rules: [...rules], ...entry }
}

import { equalBytes, toHex, type Handle } from '@chiron/protocol'
import { InvariantError } from '../../runtime/errors.ts'
import type { StateReader } from '../../state/reader.ts'
import { getEmergency, listAllEmergencies, listAllSettled, type EmergencyRecord } from './emergency-state.ts'
import { untilOf } from './emergencies.ts'
import { listAllEndorsements } from './endorsement-state.ts'
import { MAX_EMERGENCY_MS, MAX_ENDORSEMENT_MS } from './limits.ts'
import { findSubject, getEntry, getPlace, listAllOpen, listCounts, type OpenRecord } from './state.ts'

/** Open accesses, emergencies and endorsements as they must be. */
export function accessInvariants(state: StateReader): void {
  checkOpen(state)
  checkEmergencies(state)
  for (const [, { reader, endorser, sinceMs, untilMs }] of listAllEndorsements(state)) {
    const sound = reader !== endorser && sinceMs < untilMs && untilMs <= sinceMs + MAX_ENDORSEMENT_MS
    if (!sound) throw new InvariantError('access: an endorsement is by the reader, or for too long')
  }
}

/** Every open access has its entry, lasts no longer than it or its emergency says, and is found by its subject; counts are right. */
function checkOpen(state: StateReader): void {
  const open = new Map<string, number>()
  for (const [handle, id, record] of listAllOpen(state)) {
    const place = getPlace(state, id)
    const entry = place && getEntry(state, handle, place.index)
    if (entry?.kind !== 'open' || !equalBytes(entry.access, id)) throw new InvariantError('access: an open access is not in the list')
    if (record.untilMs > Math.max(entry.untilMs, endOfEmergencies(state, handle, record))) throw new InvariantError('access: an access lasts longer than its entry says')
    const found = findSubject(state, handle, record)
    if (found === undefined || !equalBytes(found, id)) throw new InvariantError('access: an open access is not found by its subject')
    open.set(toHex(handle), (open.get(toHex(handle)) ?? 0) + 1)
  }
  for (const [handle, count] of listCounts(state)) {
    if (count.open !== (open.get(toHex(handle)) ?? 0)) throw new InvariantError('access: a count is wrong')
    open.delete(toHex(handle))
  }
  if (open.size > 0) throw new InvariantError('access: a handle is not counted')
}

/** Until when the emergencies last that an access rests on, and that are its reader's. */
function endOfEmergencies(state: StateReader, handle: Handle, { tier, rules, reader, organisation, purpose, action }: OpenRecord): number {
  if (tier !== '4') return 0
  const found = rules.flatMap((id) => getEmergency(state, handle, id) ?? [])
  const sound = found.length === rules.length && found.length > 0 && action === 'read' && ['BTG', 'ETREAT'].includes(purpose)
  if (!sound || found.some((e) => e.reader !== reader || e.organisation !== organisation)) throw new InvariantError('access: an access rests on no emergency of its reader')
  return Math.max(...found.map(untilOf))
}

/** Times in order; confirmed and reviewed by another; what is settled is reviewed, and nowhere else. */
function checkEmergencies(state: StateReader): void {
  const settled = [...listAllSettled(state)]
  for (const [, , record] of [...listAllEmergencies(state), ...settled]) if (!isSound(record)) throw new InvariantError('access: an emergency is out of order')
  const open = new Set([...listAllEmergencies(state)].map(([handle, id]) => `${toHex(handle)} ${toHex(id)}`))
  for (const [handle, id, { review }] of settled) {
    if (review === null || open.has(`${toHex(handle)} ${toHex(id)}`)) throw new InvariantError('access: an emergency was settled too early')
  }
}

function isSound({ reader, organisation, declaredMs, confirmByMs, endMs, confirmation, endedMs, review, dispute }: EmergencyRecord): boolean {
  const times = declaredMs < confirmByMs && confirmByMs <= endMs && endMs <= declaredMs + MAX_EMERGENCY_MS
  const confirmed = confirmation === null || (confirmation.confirmer !== reader && confirmation.timeMs < confirmByMs)
  const reviewed = review === null || (review.organisation !== organisation && review.reviewer !== dispute?.reviewer)
  const ended = endedMs === null || dispute !== null || review?.outcome === 'unjustified'
  return times && confirmed && reviewed && ended
}

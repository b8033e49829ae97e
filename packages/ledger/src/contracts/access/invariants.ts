import { equalBytes, toHex } from '@chiron/protocol'
import { InvariantError } from '../../runtime/errors.ts'
import type { StateReader } from '../../state/reader.ts'
import { findSubject, getEntry, getPlace, listAllOpen, listCounts } from './state.ts'

/** Every open access has its entry and is found by its subject; counts are right. */
export function accessInvariants(state: StateReader): void {
  const open = new Map<string, number>()
  for (const [handle, id, record] of listAllOpen(state)) {
    const place = getPlace(state, id)
    const entry = place && getEntry(state, handle, place.index)
    if (entry?.kind !== 'open' || !equalBytes(entry.access, id)) throw new InvariantError('access: an open access is not in the list')
    if (record.untilMs > entry.untilMs) throw new InvariantError('access: an access lasts longer than its entry says')
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

import { equalBytes } from '@chiron/protocol'
import { InvariantError } from '../../runtime/errors.ts'
import type { StateReader } from '../../state/reader.ts'
import { getEntry, getPlaces, listAllAuthored, listEntries, listHeads } from './state.ts'

/** Every version of every record is where the index says, from 1 without gaps; authored entries are counted right. */
export function recordsInvariants(state: StateReader): void {
  for (const [record, newest] of listHeads(state)) {
    for (let version = 1; version <= newest; version++) {
      const places = getPlaces(state, record, version)
      if (places === undefined || places.length === 0) throw new InvariantError('records: a version is missing')
      for (const [handle, index] of places) {
        const entry = getEntry(state, handle, index)
        const right = entry !== undefined && entry.version === version && equalBytes(entry.record, record) && entry.others.length === places.length - 1
        if (!right) throw new InvariantError('records: the index leads to another entry')
      }
    }
  }
  for (const [handle, author, count] of listAllAuthored(state)) {
    let authored = 0
    for (const [, entry] of listEntries(state, handle, 0)) if (entry.author === author) authored++
    if (authored !== count) throw new InvariantError('records: authored entries are counted wrong')
  }
}

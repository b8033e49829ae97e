import { equalBytes, type Did } from '@chiron/protocol'
import { InvariantError } from '../../runtime/errors.ts'
import type { StateReader } from '../../state/reader.ts'
import { getEntry, getPlaces, listAllAuthored, listEntries, listHeads, type Places } from './state.ts'

/** Every version of every record is where the index says, from 1 without gaps; first authors and counts of authored entries are right. */
export function recordsInvariants(state: StateReader): void {
  for (const [record, { version: newest, firstAuthor }] of listHeads(state)) {
    const authors = [1, newest].map((version) => authorOf(state, getPlaces(state, record, version)))
    if (firstAuthor === authors[1] || (firstAuthor ?? authors[1]) !== authors[0]) throw new InvariantError('records: the first author is wrong')
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

function authorOf(state: StateReader, places: Places | undefined): Did | undefined {
  const [place] = places ?? []
  return place && getEntry(state, place[0], place[1])?.author
}

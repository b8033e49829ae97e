import { compareBytes } from '@chiron/protocol'
import type { KeyValueReader, KeyValueWrite, Space } from '@chiron/ledger'
import { textOf } from '../byte-text.ts'

type Pair = readonly [key: Uint8Array, value: Uint8Array]

/** Writes of one space, in the order of keys, and by key once somebody asks. */
interface SpaceWrites {
  readonly sorted: KeyValueWrite[]
  /** How keys begin: most that are asked about begin in no such way. */
  readonly beginnings: Set<number>
  byKey: Map<string, Uint8Array | null> | undefined
}

/**
 * A store as it will be once writes that are under way are committed: what the next block is executed over. It answers
 * the same before that commit and after it.
 */
export class AheadReader implements KeyValueReader {
  readonly #store: KeyValueReader
  readonly #spaces = new Map<Space, SpaceWrites>()

  /** @param writes at most one for each key, those of a space in the order of keys */
  constructor(store: KeyValueReader, writes: readonly KeyValueWrite[]) {
    this.#store = store
    let last: { readonly space: Space; readonly writes: SpaceWrites } | undefined
    for (const write of writes) {
      if (last?.space !== write.space) {
        const known = this.#spaces.get(write.space) ?? { sorted: [], beginnings: new Set(), byKey: undefined }
        this.#spaces.set(write.space, known)
        last = { space: write.space, writes: known }
      }
      last.writes.sorted.push(write)
      last.writes.beginnings.add(beginningOf(write.key))
    }
  }

  get(space: Space, key: Uint8Array): Uint8Array | undefined {
    const writes = this.#spaces.get(space)
    if (writes === undefined || !writes.beginnings.has(beginningOf(key))) return this.#store.get(space, key)
    const ahead = (writes.byKey ??= byKey(writes.sorted)).get(textOf(key))
    return ahead === undefined ? this.#store.get(space, key) : (ahead ?? undefined)
  }

  range(space: Space, from: Uint8Array, to: Uint8Array | undefined, options: { reverse?: boolean; limit?: number } = {}): Iterable<Pair> {
    const { sorted } = this.#spaces.get(space) ?? { sorted: [] }
    const first = lowerBound(sorted, from)
    const end = to === undefined ? sorted.length : lowerBound(sorted, to)
    if (first >= end) return this.#store.range(space, from, to, options)
    const ahead = sorted.slice(first, end)
    if (options.reverse === true) ahead.reverse()
    const { limit } = options
    // Each of these may hide a pair of the store.
    const below = this.#store.range(space, from, to, limit === undefined ? options : { ...options, limit: limit + ahead.length })
    return merged(below, ahead, options.reverse === true ? -1 : 1, limit ?? Infinity)
  }
}

/** Of a key's first four bytes, or what it has of them. */
function beginningOf(key: Uint8Array): number {
  return ((key[0] ?? 0) << 24) | ((key[1] ?? 0) << 16) | ((key[2] ?? 0) << 8) | (key[3] ?? 0)
}

function byKey(writes: readonly KeyValueWrite[]): Map<string, Uint8Array | null> {
  const map = new Map<string, Uint8Array | null>()
  for (const { key, value } of writes) map.set(textOf(key), value)
  return map
}

/** Index of the first write whose key is not less. */
function lowerBound(sorted: readonly KeyValueWrite[], key: Uint8Array): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes((sorted[middle] as KeyValueWrite).key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Two walks in one direction as one; a write stands for the pair of its key, or hides it. */
function merged(below: Iterable<Pair>, ahead: readonly KeyValueWrite[], direction: 1 | -1, limit: number): Pair[] {
  const found: Pair[] = []
  let next = 0
  const takeAhead = (): void => {
    const { key, value } = ahead[next++] as KeyValueWrite
    if (value !== null) found.push([key, value])
  }
  for (const pair of below) {
    while (next < ahead.length && direction * compareBytes((ahead[next] as KeyValueWrite).key, pair[0]) < 0) takeAhead()
    if (next < ahead.length && compareBytes((ahead[next] as KeyValueWrite).key, pair[0]) === 0) takeAhead()
    else found.push(pair)
    if (found.length >= limit) return found.slice(0, limit)
  }
  while (next < ahead.length && found.length < limit) takeAhead()
  return found.slice(0, limit)
}

import { equalBytes, type Handle } from '@chiron/protocol'
import { InvariantError } from '../runtime/errors.ts'
import { ByteMap } from './byte-map.ts'
import { prefixEnd } from './integers.ts'
import { isReserved, listKey } from './keys.ts'
import type { ListAppend } from './lists.ts'
import { mergeSorted } from './merge-sorted.ts'
import type { ListKind, StateReader, StateWriter } from './reader.ts'

/** A key's buffered value; null: deleted. */
type Buffered = ByteMap<Uint8Array | null>

interface PendingList {
  readonly kind: ListKind
  readonly handle: Handle
  /** Size in the state below. */
  readonly base: number
  readonly entries: Uint8Array[]
}

/** Who writes: contracts keep out of the keys that the runtime keeps. */
export type OverlayOwner = 'runtime' | 'contract'

/**
 * Writes buffered over another state, which is not touched: drop the overlay and nothing has happened. A block's lies
 * over the committed state and a transaction's over the block's. Reads see the buffer first; ranges are as at the call,
 * so that what they return may be changed or deleted on the way. Keys and values are not copied: leave them unchanged.
 */
export class Overlay implements StateWriter {
  readonly #below: StateReader
  readonly #owner: OverlayOwner
  readonly #facts: Buffered = new ByteMap()
  readonly #flats: Buffered = new ByteMap()
  readonly #lists = new ByteMap<PendingList>()
  #lastList: PendingList | undefined
  /** Stands for the facts while there are buffered ones, over those that `over` stands for. */
  #token: { readonly over: object } | undefined

  constructor(below: StateReader, owner: OverlayOwner) {
    this.#below = below
    this.#owner = owner
  }

  factsToken(): object | undefined {
    const over = this.#below.factsToken?.()
    if (over === undefined || this.#facts.size === 0) return over
    if (this.#token?.over !== over) this.#token = { over }
    return this.#token
  }

  fact(key: Uint8Array): Uint8Array | undefined {
    const own = this.#facts.get(key)
    return own === undefined ? this.#below.fact(key) : (own ?? undefined)
  }

  facts(prefix: Uint8Array): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    return merged(this.#below.facts(prefix), this.#facts.range(prefix, prefixEnd(prefix)))
  }

  flat(key: Uint8Array): Uint8Array | undefined {
    const own = this.#flats.get(key)
    return own === undefined ? this.#below.flat(key) : (own ?? undefined)
  }

  flats(prefix: Uint8Array): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    return merged(this.#below.flats(prefix), this.#flats.range(prefix, prefixEnd(prefix)))
  }

  listSize(kind: ListKind, handle: Handle): number {
    const own = this.#lists.get(listKey(kind, handle))
    return own ? own.base + own.entries.length : this.#below.listSize(kind, handle)
  }

  entry(kind: ListKind, handle: Handle, index: number): Uint8Array | undefined {
    const own = this.#lists.get(listKey(kind, handle))
    return own && index >= own.base ? own.entries[index - own.base] : this.#below.entry(kind, handle, index)
  }

  entries(kind: ListKind, handle: Handle, from = 0, to = Infinity): Iterable<Uint8Array> {
    const own = this.#lists.get(listKey(kind, handle))
    if (!own) return this.#below.entries(kind, handle, from, to)
    const added = own.entries.slice(Math.max(0, from - own.base), Math.max(0, to - own.base))
    if (from >= own.base) return added
    return concatenate(this.#below.entries(kind, handle, from, Math.min(to, own.base)), added)
  }

  /** @throws InvariantError when a contract writes to a key of the runtime */
  setFact(key: Uint8Array, value: Uint8Array): void {
    this.#write(this.#facts, key, value)
  }

  /** @throws InvariantError as {@link setFact} */
  deleteFact(key: Uint8Array): void {
    this.#write(this.#facts, key, null)
  }

  /** @throws InvariantError as {@link setFact} */
  setFlat(key: Uint8Array, value: Uint8Array): void {
    this.#write(this.#flats, key, value)
  }

  /** @throws InvariantError as {@link setFact} */
  deleteFlat(key: Uint8Array): void {
    this.#write(this.#flats, key, null)
  }

  append(kind: ListKind, handle: Handle, entry: Uint8Array): number {
    const { entries, base } = this.#listOf(kind, handle)
    entries.push(entry)
    return base + entries.length - 1
  }

  /** The list that was appended to last is likely to be the next one too. */
  #listOf(kind: ListKind, handle: Handle): PendingList {
    const last = this.#lastList
    if (last !== undefined && last.kind === kind && equalBytes(last.handle, handle)) return last
    const key = listKey(kind, handle)
    let list = this.#lists.get(key)
    if (!list) this.#lists.set(key, (list = { kind, handle, base: this.#below.listSize(kind, handle), entries: [] }))
    this.#lastList = list
    return list
  }

  /** Writes the buffer to the state below, which is what this overlay was made over. */
  commitTo(below: Overlay): void {
    if (this.#facts.size > 0) below.#token = undefined
    for (const [key, value] of this.#facts.unordered()) below.#facts.set(key, value)
    for (const [key, value] of this.#flats.unordered()) below.#flats.set(key, value)
    for (const [, { kind, handle, entries }] of this.#lists.unordered()) {
      const list = below.#listOf(kind, handle)
      for (let i = 0; i < entries.length; i++) list.entries.push(entries[i] as Uint8Array)
    }
  }

  /** Buffered facts, deletions as null, in the order of keys. */
  changedFacts(): (readonly [key: Uint8Array, value: Uint8Array | null])[] {
    return this.#facts.entries()
  }

  /** Buffered flat values, deletions as null, in the order of keys. */
  changedFlats(): (readonly [key: Uint8Array, value: Uint8Array | null])[] {
    return this.#flats.entries()
  }

  /** Buffered entries by list, in the order of kind and handle. */
  appends(): ListAppend[] {
    return this.#lists.entries().map(([, list]) => list)
  }

  #write(buffer: Buffered, key: Uint8Array, value: Uint8Array | null): void {
    if (this.#owner === 'contract' && isReserved(key)) throw new InvariantError('a contract wrote to a reserved key')
    if (buffer === this.#facts) this.#token = undefined
    buffer.set(key, value)
  }
}

function merged(below: Iterable<readonly [Uint8Array, Uint8Array]>, own: readonly (readonly [Uint8Array, Uint8Array | null])[]): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
  return own.length === 0 ? below : mergeSorted(below, own)
}

function* concatenate<T>(...parts: Iterable<T>[]): Generator<T> {
  for (const part of parts) yield* part
}

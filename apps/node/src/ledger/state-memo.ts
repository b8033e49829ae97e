import { CommittedState, type KeyValueReader, type Space, type StateReader } from '@chiron/ledger'
import { textOf } from '../byte-text.ts'
import type { StoreWrite } from '../storage/state-store.ts'

/** Spaces whose values change. `entries` only grows, and is read no further than `runs` says. */
const TRACKED: ReadonlySet<string> = new Set<Space>(['facts', 'flat', 'runs', 'meta'])

interface Remembered {
  readonly value: unknown
  readonly keys: ReadonlySet<string>
  readonly prefixes: ReadonlySet<string>
  /** Whether nothing that it was worked out from has been written since. */
  isCurrent: boolean
}

/**
 * What was worked out from committed state alone, kept until a block writes something that it was worked out from: keys
 * that were read, also in vain, and ranges that were walked. So an answer is always that of the newest block, without
 * anybody listing what depends on what. Values are shared: nobody may change them.
 */
export class StateMemo {
  readonly #reader: KeyValueReader
  readonly #heightOf: (() => number) | undefined
  readonly #byKey = new Map<string, Set<Remembered>>()
  readonly #byPrefix = new Map<string, Set<Remembered>>()
  /** How many prefixes there are of each length. */
  readonly #lengths = new Map<number, number>()
  #version = 0
  #height = 0

  /** @param heightOf for a state of whose writes nobody tells: everything is then forgotten when the height is another */
  constructor(reader: KeyValueReader, heightOf?: () => number) {
    this.#reader = reader
    this.#heightOf = heightOf
  }

  /** Grows whenever something that was worked out may have changed. */
  get version(): number {
    const height = this.#heightOf?.() ?? this.#height
    if (height !== this.#height) {
      this.#height = height
      this.#version += 1
      this.#releaseAll()
    }
    return this.#version
  }

  /**
   * Values by name. `compute` must depend on the state that it is given and on the arguments behind the name, and on
   * nothing else: no clock.
   * @param limit how many are kept; the oldest go first
   */
  table<Args extends readonly unknown[], T>(limit: number, nameOf: (...args: Args) => string, compute: (state: StateReader, ...args: Args) => T): (...args: Args) => T {
    const known = new Map<string, Remembered>()
    return (...args) => {
      const version = this.version
      const name = nameOf(...args)
      const found = known.get(name)
      if (found?.isCurrent === true) return found.value as T
      if (found === undefined && known.size >= limit) {
        const [oldest, dropped] = known.entries().next().value as [string, Remembered]
        known.delete(oldest)
        this.#release(dropped)
      }
      const reads = new Reads(this.#reader)
      const value = compute(new CommittedState(reads), ...args)
      if (version === this.version) known.set(name, this.#remember(value, reads))
      return value
    }
  }

  /** A block was committed: to be called before anything is asked after it. */
  forget(writes: readonly StoreWrite[]): void {
    this.#version += 1
    for (const { space, key, value } of writes) {
      // What only grows is read no further than other keys say; but a removal changes what was there.
      if (!TRACKED.has(space)) {
        if (space === 'entries' && value === null) this.#releaseAll()
        continue
      }
      const place = placeOf(space, key)
      for (const each of this.#byKey.get(place) ?? []) this.#release(each)
      for (const [length] of this.#lengths) {
        if (length <= place.length) for (const each of this.#byPrefix.get(place.slice(0, length)) ?? []) this.#release(each)
      }
    }
  }

  #remember(value: unknown, { keys, prefixes }: Reads): Remembered {
    const remembered: Remembered = { value, keys, prefixes, isCurrent: true }
    for (const place of keys) add(this.#byKey, place, remembered)
    for (const place of prefixes) if (add(this.#byPrefix, place, remembered)) this.#count(place.length, 1)
    return remembered
  }

  #release(remembered: Remembered): void {
    if (!remembered.isCurrent) return
    remembered.isCurrent = false
    for (const place of remembered.keys) remove(this.#byKey, place, remembered)
    for (const place of remembered.prefixes) if (remove(this.#byPrefix, place, remembered)) this.#count(place.length, -1)
  }

  #releaseAll(): void {
    for (const places of [this.#byKey, this.#byPrefix]) for (const dependents of [...places.values()]) for (const each of dependents) this.#release(each)
  }

  #count(length: number, change: number): void {
    const count = (this.#lengths.get(length) ?? 0) + change
    if (count === 0) this.#lengths.delete(length)
    else this.#lengths.set(length, count)
  }
}

/** Notes what is read. */
class Reads implements KeyValueReader {
  readonly keys = new Set<string>()
  readonly prefixes = new Set<string>()
  readonly #reader: KeyValueReader

  constructor(reader: KeyValueReader) {
    this.#reader = reader
  }

  get(space: Space, key: Uint8Array): Uint8Array | undefined {
    if (TRACKED.has(space)) this.keys.add(placeOf(space, key))
    return this.#reader.get(space, key)
  }

  range(space: Space, from: Uint8Array, to: Uint8Array | undefined, options?: { reverse?: boolean; limit?: number }): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    if (TRACKED.has(space)) this.prefixes.add(placeOf(space, from.subarray(0, commonLength(from, to))))
    return this.#reader.range(space, from, to, options)
  }
}

/** Bytes that every key in [from, to) begins with. */
function commonLength(from: Uint8Array, to: Uint8Array | undefined): number {
  if (to === undefined) return 0
  const length = Math.min(from.length, to.length)
  for (let at = 0; at < length; at++) if (from[at] !== to[at]) return at
  return length
}

function placeOf(space: string, key: Uint8Array): string {
  return `${space} ${textOf(key)}`
}

/** Whether the place is new. */
function add(places: Map<string, Set<Remembered>>, place: string, remembered: Remembered): boolean {
  const known = places.get(place)
  if (known === undefined) places.set(place, new Set([remembered]))
  else known.add(remembered)
  return known === undefined
}

/** Whether nothing depends on the place any more. */
function remove(places: Map<string, Set<Remembered>>, place: string, remembered: Remembered): boolean {
  const known = places.get(place)
  known?.delete(remembered)
  return known?.size === 0 && places.delete(place)
}

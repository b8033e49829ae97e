import { textOf } from '../byte-text.ts'
import type { StateStore, StoreSpace, StoreWrite } from './state-store.ts'

type Pair = readonly [key: Uint8Array, value: Uint8Array]

export interface CacheLimits {
  /** Values of a space, in each of two generations: those that were not asked for lately go first. */
  readonly values: Readonly<Partial<Record<StoreSpace, number>>>
  /** Answers to "all keys with this prefix" of a space, likewise. Longer answers than {@link LONGEST_ANSWER} are not kept. */
  readonly prefixes: Readonly<Partial<Record<StoreSpace, number>>>
}

/** About 60 MB when full, with what is decoded from it. */
export const CACHE_LIMITS: CacheLimits = { values: { meta: 4, facts: 16_000, flat: 12_000, tree: 4_000 }, prefixes: { facts: 6_000, flat: 6_000 } }

/** Spaces of which most keys are written and then left alone: kept is what was read, and was there. */
const KEPT_WHEN_READ: ReadonlySet<StoreSpace> = new Set(['flat'])

const LONGEST_ANSWER = 32

/**
 * Keeps what was read and written lately in memory, over a store that nobody else writes to. What it returns is the same
 * array each time: whoever reads must leave it unchanged, and may remember what it decoded from it. A commit that fails
 * leaves it as it was, as it leaves the store.
 */
export class CachedStore implements StateStore {
  readonly #store: StateStore
  readonly #values: ReadonlyMap<StoreSpace, Generations<Uint8Array | undefined>>
  readonly #prefixes: ReadonlyMap<StoreSpace, PrefixCache>

  constructor(store: StateStore, limits: CacheLimits = CACHE_LIMITS) {
    this.#store = store
    this.#values = new Map(entriesOf(limits.values).map(([space, size]) => [space, new Generations(size)]))
    this.#prefixes = new Map(entriesOf(limits.prefixes).map(([space, size]) => [space, new PrefixCache(size)]))
  }

  get(space: StoreSpace, key: Uint8Array): Uint8Array | undefined {
    const values = this.#values.get(space)
    if (values === undefined) return this.#store.get(space, key)
    const text = textOf(key)
    const known = values.get(text)
    if (known !== undefined) return known.value
    const value = this.#store.get(space, key)
    if (value !== undefined || !KEPT_WHEN_READ.has(space)) values.set(text, value)
    return value
  }

  range(space: StoreSpace, from: Uint8Array, to: Uint8Array | undefined, options: { reverse?: boolean; limit?: number } = {}): Iterable<Pair> {
    const prefixes = this.#prefixes.get(space)
    if (prefixes === undefined || options.reverse === true || options.limit !== undefined || !isPrefixRange(from, to)) return this.#store.range(space, from, to, options)
    const prefix = textOf(from)
    const known = prefixes.get(prefix)
    if (known !== undefined) return known
    const answer: Pair[] = []
    for (const pair of this.#store.range(space, from, to, { limit: LONGEST_ANSWER + 1 })) answer.push(pair)
    if (answer.length > LONGEST_ANSWER) return this.#store.range(space, from, to)
    prefixes.set(prefix, answer)
    return answer
  }

  commit(writes: readonly StoreWrite[]): void {
    this.#store.commit(writes)
    this.#bringUpToDate(writes)
  }

  async commitAside(writes: readonly StoreWrite[], visible: () => void): Promise<void> {
    await this.#store.commitAside(writes, () => {
      this.#bringUpToDate(writes)
      visible()
    })
  }

  async close(): Promise<void> {
    await this.#store.close()
  }

  #bringUpToDate(writes: readonly StoreWrite[]): void {
    for (const { space, key, value } of writes) {
      const values = this.#values.get(space)
      const prefixes = this.#prefixes.get(space)
      if (values === undefined && (prefixes === undefined || key.length < prefixes.shortest)) continue
      const text = textOf(key)
      if (values !== undefined && (!KEPT_WHEN_READ.has(space) || values.get(text) !== undefined)) values.set(text, value ?? undefined)
      prefixes?.change(text, key, value)
    }
  }
}

/** A bounded map: what was neither set nor found since the newer half filled up is dropped. */
class Generations<V> {
  readonly #size: number
  #newer = new Map<string, V>()
  #older = new Map<string, V>()

  constructor(size: number) {
    this.#size = size
  }

  get(key: string): { readonly value: V } | undefined {
    const value = this.#newer.get(key)
    if (value !== undefined || this.#newer.has(key)) return { value: value as V }
    const older = this.#older.get(key)
    if (older === undefined && !this.#older.has(key)) return undefined
    this.set(key, older as V)
    return { value: older as V }
  }

  set(key: string, value: V): void {
    if (this.#newer.size >= this.#size && !this.#newer.has(key)) {
      this.#older = this.#newer
      this.#newer = new Map()
    }
    this.#newer.set(key, value)
  }

  delete(key: string): void {
    this.#newer.delete(key)
    this.#older.delete(key)
  }
}

/** Answers to prefix ranges, brought up to date by writes. */
class PrefixCache {
  readonly #answers: Generations<readonly Pair[]>
  /** Lengths of the prefixes that were ever asked about: a key can lie under one prefix of each. */
  readonly #lengths = new Set<number>()
  /** The least of those. */
  shortest = Infinity

  constructor(size: number) {
    this.#answers = new Generations(size)
  }

  get(prefix: string): readonly Pair[] | undefined {
    return this.#answers.get(prefix)?.value
  }

  set(prefix: string, answer: readonly Pair[]): void {
    this.#lengths.add(prefix.length)
    this.shortest = Math.min(this.shortest, prefix.length)
    this.#answers.set(prefix, answer)
  }

  change(text: string, key: Uint8Array, value: Uint8Array | null): void {
    for (const length of this.#lengths) {
      if (length > text.length) continue
      const prefix = text.slice(0, length)
      const answer = this.#answers.get(prefix)?.value
      if (answer === undefined) continue
      const changed = changedAnswer(answer, text, key, value)
      if (changed.length > LONGEST_ANSWER) this.#answers.delete(prefix)
      else this.#answers.set(prefix, changed)
    }
  }
}

/** A new answer: the old one may be being walked. */
function changedAnswer(answer: readonly Pair[], text: string, key: Uint8Array, value: Uint8Array | null): Pair[] {
  const before = answer.filter(([other]) => textOf(other) < text)
  const after = answer.filter(([other]) => textOf(other) > text)
  return value === null ? [...before, ...after] : [...before, [key, value], ...after]
}

/** Whether [from, to) holds exactly the keys that begin with `from`. */
function isPrefixRange(from: Uint8Array, to: Uint8Array | undefined): boolean {
  if (to === undefined || from.length === 0 || to.length !== from.length) return false
  const last = from.length - 1
  for (let i = 0; i < last; i++) if (from[i] !== to[i]) return false
  return (to[last] as number) === (from[last] as number) + 1
}

function entriesOf(sizes: Readonly<Partial<Record<StoreSpace, number>>>): [StoreSpace, number][] {
  return Object.entries(sizes) as [StoreSpace, number][]
}

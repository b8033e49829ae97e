import { ByteMap } from './byte-map.ts'
import type { KeyValueReader, KeyValueWrite, Space } from './store.ts'

/** The state's bytes in memory: the twin of a durable store, for tests and for building a first state. */
export class MemoryStore implements KeyValueReader {
  readonly #spaces = new Map<Space, ByteMap<Uint8Array>>()

  get(space: Space, key: Uint8Array): Uint8Array | undefined {
    return this.#spaces.get(space)?.get(key)?.slice()
  }

  *range(
    space: Space,
    from: Uint8Array,
    to: Uint8Array | undefined,
    options: { reverse?: boolean; limit?: number } = {},
  ): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    const map = this.#spaces.get(space)
    if (!map) return
    const found = options.reverse ? map.rangeReverse(from, to, options.limit) : map.range(from, to, options.limit)
    for (const [key, value] of found) yield [key.slice(), value.slice()]
  }

  /** Applies a block's writes, in order. */
  apply(writes: Iterable<KeyValueWrite>): void {
    for (const { space, key, value } of writes) {
      let map = this.#spaces.get(space)
      if (!map) this.#spaces.set(space, (map = new ByteMap()))
      if (value === null) map.delete(key)
      else map.set(key, value.slice())
    }
  }

  /** How many keys a space holds. */
  count(space: Space): number {
    return this.#spaces.get(space)?.size ?? 0
  }
}

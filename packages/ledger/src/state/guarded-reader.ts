import { InvariantError } from '../runtime/errors.ts'
import type { KeyValueReader, Space } from './store.ts'

/**
 * Keeps a failing disk apart from a failing contract: any error of the store becomes an InvariantError, and is kept, so
 * that a handler that catches everything cannot turn it into a result that other nodes do not have.
 */
export class GuardedReader implements KeyValueReader {
  readonly #reader: KeyValueReader
  #failure: InvariantError | undefined

  constructor(reader: KeyValueReader) {
    this.#reader = reader
  }

  /** @throws InvariantError if any read has failed */
  assertSound(): void {
    if (this.#failure) throw this.#failure
  }

  get(space: Space, key: Uint8Array): Uint8Array | undefined {
    try {
      return this.#reader.get(space, key)
    } catch (cause) {
      throw this.#fail(cause)
    }
  }

  range(
    space: Space,
    from: Uint8Array,
    to: Uint8Array | undefined,
    options?: { reverse?: boolean; limit?: number },
  ): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    const pairs = this.#pairs(space, from, to, options)
    // What is in memory already cannot fail.
    return Array.isArray(pairs) ? pairs : this.#walk(pairs)
  }

  *#walk(range: Iterable<readonly [key: Uint8Array, value: Uint8Array]>): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    const pairs = range[Symbol.iterator]()
    try {
      for (;;) {
        const next = this.#step(pairs)
        if (next.done) return
        yield next.value
      }
    } finally {
      pairs.return?.()
    }
  }

  #pairs(...range: Parameters<KeyValueReader['range']>): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    try {
      return this.#reader.range(...range)
    } catch (cause) {
      throw this.#fail(cause)
    }
  }

  #step<T>(pairs: Iterator<T>): IteratorResult<T> {
    try {
      return pairs.next()
    } catch (cause) {
      throw this.#fail(cause)
    }
  }

  #fail(cause: unknown): InvariantError {
    this.#failure ??= new InvariantError('reading the state failed', { cause })
    return this.#failure
  }
}

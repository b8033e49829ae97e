import type { Handle } from '@chiron/protocol'
import { prefixEnd } from './integers.ts'
import { readEntries, readListHead } from './lists.ts'
import type { ListKind, StateReader } from './reader.ts'
import type { KeyValueReader } from './store.ts'

/** The state as the store holds it, after its newest committed block. */
export class CommittedState implements StateReader {
  readonly #reader: KeyValueReader
  readonly #token: object | undefined

  /** @param token stands for the facts of `reader`, which do not change as long as this is used with it */
  constructor(reader: KeyValueReader, token?: object) {
    this.#reader = reader
    this.#token = token
  }

  factsToken(): object | undefined {
    return this.#token
  }

  fact(key: Uint8Array): Uint8Array | undefined {
    return this.#reader.get('facts', key)
  }

  facts(prefix: Uint8Array): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    return this.#reader.range('facts', prefix, prefixEnd(prefix))
  }

  flat(key: Uint8Array): Uint8Array | undefined {
    return this.#reader.get('flat', key)
  }

  flats(prefix: Uint8Array): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    return this.#reader.range('flat', prefix, prefixEnd(prefix))
  }

  listSize(kind: ListKind, handle: Handle): number {
    return readListHead(this.#reader, kind, handle).size
  }

  entry(kind: ListKind, handle: Handle, index: number): Uint8Array | undefined {
    for (const entry of this.entries(kind, handle, index, index + 1)) return entry
    return undefined
  }

  entries(kind: ListKind, handle: Handle, from = 0, to = Infinity): Iterable<Uint8Array> {
    return readEntries(this.#reader, kind, handle, Math.max(0, from), to)
  }
}

import { join } from 'node:path'
import type { Database, Transaction } from 'lmdb'
import { StorageError, toStorageError } from './errors.ts'
import { FileSeal } from './file-seal.ts'
import { syncDirectory } from './files.ts'
import { toWriteError } from './lmdb-errors.ts'
import { openSpaces, writeSpaces, type LmdbSpaces } from './lmdb-spaces.ts'
import { LmdbWriter } from './lmdb-writer.ts'
import type { StateStore, StoreSpace, StoreWrite } from './state-store.ts'

/** Writes from which on {@link LmdbStore.commitAside} uses a thread: below, handing over costs more than it saves. */
const ASIDE_FROM = 256

/** What lmdb's types leave out. */
interface PinnedReads {
  getBinaryFast(key: Uint8Array, options?: { readonly transaction: Transaction }): Uint8Array | undefined
}

/** {@link StateStore} over LMDB: one environment, one database for each space. Its file grows as needed. */
export class LmdbStore implements StateStore {
  readonly #path: string
  readonly #seal: FileSeal
  readonly #opened: LmdbSpaces
  readonly #writer: LmdbWriter
  readonly #asideFrom: number
  /** What is read from while another thread commits: the state before. */
  #pinned: { readonly transaction: Transaction } | undefined
  #failed: StorageError | undefined
  #closed = false

  /**
   * @param asideFrom writes of a commit from which on it is handed to another thread
   * @throws StorageError `ERR_STORAGE_CORRUPT`, `ERR_STORAGE_FULL`, `ERR_STORAGE_READ_ONLY`, `ERR_STORAGE_IO`
   */
  constructor(path: string, asideFrom = ASIDE_FROM) {
    this.#path = path
    this.#asideFrom = asideFrom
    this.#writer = new LmdbWriter(path)
    this.#seal = new FileSeal(join(path, 'data.mdb'))
    this.#seal.open(`move the directory ${path} away and start again; it is built anew from the blocks`)
    try {
      this.#opened = openSpaces(path)
      syncDirectory(path)
    } catch (cause) {
      throw toStorageError(cause, path, 'opening the state in')
    }
  }

  get(space: StoreSpace, key: Uint8Array): Uint8Array | undefined {
    const database = this.#database(space)
    if (key.length === 0) return undefined
    const found = (database as PinnedReads).getBinaryFast(key, this.#pinned)
    return found === undefined ? undefined : copyOf(found)
  }

  *range(space: StoreSpace, from: Uint8Array, to: Uint8Array | undefined, options: { reverse?: boolean; limit?: number } = {}): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    const database = this.#database(space)
    if (to !== undefined && to.length === 0) return
    const limit = options.limit === undefined ? {} : { limit: options.limit }
    const bounds = options.reverse
      ? { ...(to === undefined ? {} : { start: to }), exclusiveStart: to !== undefined, end: from, inclusiveEnd: true, reverse: true }
      : { start: from, ...(to === undefined ? {} : { end: to }) }
    for (const { key, value } of database.getRange({ ...bounds, ...limit, ...this.#pinned })) yield [copyOf(key), copyOf(value)]
  }

  commit(writes: readonly StoreWrite[]): void {
    this.#assertWritable()
    try {
      writeSpaces(this.#opened, writes)
    } catch (cause) {
      this.#failed = toWriteError(cause, this.#path, 'committing to')
      throw this.#failed
    }
  }

  async commitAside(writes: readonly StoreWrite[], visible: () => void): Promise<void> {
    if (writes.length < this.#asideFrom) {
      this.commit(writes)
      visible()
      return
    }
    this.#assertWritable()
    const { root } = this.#opened
    const transaction = root.useReadTransaction()
    this.#pinned = { transaction }
    try {
      await this.#writer.commit(writes)
    } catch (error) {
      this.#failed = error as StorageError
      throw error
    } finally {
      this.#pinned = undefined
      transaction.done()
      root.resetReadTxn()
    }
    visible()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#writer.close()
    await this.#opened.root.close()
    if (this.#failed === undefined) this.#seal.close()
  }

  #assertWritable(): void {
    if (this.#closed) throw new StorageError('ERR_STORAGE_CLOSED', 'the state is closed')
    if (this.#failed) throw this.#failed
    if (this.#pinned) throw new StorageError('ERR_STORAGE_IO', 'a commit is under way')
  }

  #database(space: StoreSpace): Database<Uint8Array, Uint8Array> {
    if (this.#closed) throw new StorageError('ERR_STORAGE_CLOSED', 'the state is closed')
    return this.#opened.spaces.get(space) as Database<Uint8Array, Uint8Array>
  }
}

/**
 * A copy of lmdb's buffer. It re-uses one for all reads and overrides its `length`: only `subarray` heeds that, and
 * `slice` of a Buffer would alias it.
 */
function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length)
  copy.set(bytes.subarray(0, copy.length))
  return copy
}

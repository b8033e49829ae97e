import { join } from 'node:path'
import { open, type Database, type RootDatabase } from 'lmdb'
import { fullError, StorageError, toStorageError } from './errors.ts'
import { FileSeal } from './file-seal.ts'
import { freeBytes, syncDirectory } from './files.ts'
import { STORE_SPACES, type StateStore, type StoreSpace, type StoreWrite } from './state-store.ts'

const BINARY = { keyEncoding: 'binary', encoding: 'binary' } as const
/** Spaces whose keys only grow are appended to, which keeps their pages full. */
const APPEND_ONLY: ReadonlySet<StoreSpace> = new Set(['entries', 'results'])

/**
 * Durability of every commit. lmdb's default `overlappingSync` acknowledges before data is on disk; with it off, a
 * commit writes, flushes, and only then switches the root page. `docs/adr` and `lmdb-store.test.ts` hold it so.
 */
export const DURABLE = { overlappingSync: false, noSync: false, noMetaSync: false, useWritemap: false } as const

/** For transactions that are flushed off the event loop: lmdb's own batches leave a rejection that nobody handles when a flush fails. */
export const DURABLE_ASYNC = { ...DURABLE, eventTurnBatching: false } as const

/** Below this an unexplained write error is taken for a full disk. */
const FULL_BELOW_BYTES = 1024 * 1024

type Binary = Database<Uint8Array, Uint8Array>

/** {@link StateStore} over LMDB: one environment, one database for each space. Its file grows as needed. */
export class LmdbStore implements StateStore {
  readonly #path: string
  readonly #seal: FileSeal
  readonly #root: RootDatabase<Uint8Array, Uint8Array>
  readonly #spaces: ReadonlyMap<StoreSpace, Binary>
  #failed: StorageError | undefined
  #closed = false

  /** @throws StorageError `ERR_STORAGE_CORRUPT`, `ERR_STORAGE_FULL`, `ERR_STORAGE_READ_ONLY`, `ERR_STORAGE_IO` */
  constructor(path: string) {
    this.#path = path
    this.#seal = new FileSeal(join(path, 'data.mdb'))
    this.#seal.open(`move the directory ${path} away and start again; it is built anew from the blocks`)
    try {
      this.#root = open<Uint8Array, Uint8Array>({ ...DURABLE, ...BINARY, path, noSubdir: false, maxDbs: STORE_SPACES.length + 2 })
      this.#spaces = new Map(STORE_SPACES.map((name) => [name, this.#root.openDB<Uint8Array, Uint8Array>({ ...BINARY, name })]))
      syncDirectory(path)
    } catch (cause) {
      throw toStorageError(cause, path, 'opening the state in')
    }
  }

  get(space: StoreSpace, key: Uint8Array): Uint8Array | undefined {
    const database = this.#database(space)
    if (key.length === 0) return undefined
    const found = database.getBinaryFast(key)
    return found === undefined ? undefined : copyOf(found)
  }

  *range(space: StoreSpace, from: Uint8Array, to: Uint8Array | undefined, options: { reverse?: boolean; limit?: number } = {}): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    const database = this.#database(space)
    if (to !== undefined && to.length === 0) return
    const limit = options.limit === undefined ? {} : { limit: options.limit }
    const bounds = options.reverse
      ? { ...(to === undefined ? {} : { start: to }), exclusiveStart: to !== undefined, end: from, inclusiveEnd: true, reverse: true }
      : { start: from, ...(to === undefined ? {} : { end: to }) }
    for (const { key, value } of database.getRange({ ...bounds, ...limit })) yield [copyOf(key), copyOf(value)]
  }

  commit(writes: readonly StoreWrite[]): void {
    if (this.#closed) throw new StorageError('ERR_STORAGE_CLOSED', 'the state is closed')
    if (this.#failed) throw this.#failed
    try {
      this.#root.transactionSync(() => {
        for (const write of writes) this.#write(write)
      })
    } catch (cause) {
      this.#failed = toWriteError(cause, this.#path, 'committing to')
      throw this.#failed
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#root.close()
    if (this.#failed === undefined) this.#seal.close()
  }

  #write({ space, key, value }: StoreWrite): void {
    const database = this.#database(space)
    if (value === null) {
      database.removeSync(key)
      return
    }
    const append = APPEND_ONLY.has(space)
    // Within a transaction putSync answers whether it wrote; its type does not say so.
    const written: unknown = database.putSync(key, value, { append })
    if (written !== true) throw new StorageError('ERR_STORAGE_IO', `a key of ${space} does not follow those before it`, { context: { space } })
  }

  #database(space: StoreSpace): Binary {
    if (this.#closed) throw new StorageError('ERR_STORAGE_CLOSED', 'the state is closed')
    return this.#spaces.get(space) as Binary
  }
}

/** Why an asynchronous transaction failed: lmdb says so in a promise beside its error, settled when that is thrown. */
export async function commitFailure(cause: unknown): Promise<unknown> {
  if (!(cause instanceof Error) || !('commitError' in cause)) return cause
  return await Promise.race([cause.commitError, Promise.resolve(cause)]).catch((reason: unknown) => reason)
}

/** What hindered a write: LMDB reports one that the disk had no room to finish as EIO. */
export function toWriteError(cause: unknown, path: string, doing: string): StorageError {
  const error = toStorageError(cause, path, doing)
  if (error.context['system'] !== 'EIO' || freeBytes(path) > FULL_BELOW_BYTES) return error
  return fullError(path, doing, cause)
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

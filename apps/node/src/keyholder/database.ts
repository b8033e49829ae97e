import { join } from 'node:path'
import { open, type Database, type RootDatabase } from 'lmdb'
import { StorageError, toStorageError } from '../storage/errors.ts'
import { FileSeal } from '../storage/file-seal.ts'
import { makeDirectory, syncDirectory } from '../storage/files.ts'
import { commitFailure, toWriteError } from '../storage/lmdb-errors.ts'
import { DURABLE_ASYNC } from '../storage/lmdb-spaces.ts'

const BINARY = { keyEncoding: 'binary', encoding: 'binary' } as const

/**
 * - `shares`: share key → epoch (u32) ‖ sealed share
 * - `epochs`: epoch (u32) ‖ share key → one byte
 * - `pending`: validUntil (u64) ‖ share key → hash of the ciphertext
 * - `pendingOf`: share key → validUntil (u64)
 * - `log`: number (u64) → release log entry; `frontier`: one key → its frontier
 */
const SPACES = ['shares', 'epochs', 'pending', 'pendingOf', 'log', 'frontier'] as const
export type KeyholderSpace = (typeof SPACES)[number]

type Binary = Database<Uint8Array, Uint8Array>

/** Puts and removes within one transaction. */
export interface KeyholderWriter {
  get(space: KeyholderSpace, key: Uint8Array): Uint8Array | undefined
  put(space: KeyholderSpace, key: Uint8Array, value: Uint8Array): void
  remove(space: KeyholderSpace, key: Uint8Array): void
}

/** One keyholder's LMDB environment. After a write has failed every later one is refused, for a flush that failed may have lost it: the node is to end. */
export class KeyholderDatabase {
  readonly #path: string
  readonly #seal: FileSeal
  readonly #root: RootDatabase<Uint8Array, Uint8Array>
  readonly #spaces: ReadonlyMap<KeyholderSpace, Binary>
  readonly #writer: KeyholderWriter
  readonly #onFailed: (error: StorageError) => void
  #failed: StorageError | undefined
  #closed = false

  /**
   * @param onFailed hears once why nothing more is written
   * @throws StorageError `ERR_STORAGE_CORRUPT`, `ERR_STORAGE_FULL`, `ERR_STORAGE_READ_ONLY`, `ERR_STORAGE_IO`
   */
  constructor(path: string, onFailed: (error: StorageError) => void = () => undefined) {
    this.#path = path
    this.#onFailed = onFailed
    this.#seal = new FileSeal(join(path, 'data.mdb'))
    this.#seal.open(`restore this keyholder's directory from a backup; with none, delete data.mdb.sum to go on with the shares that are whole`)
    try {
      makeDirectory(path)
      this.#root = open<Uint8Array, Uint8Array>({ ...DURABLE_ASYNC, ...BINARY, path, noSubdir: false, maxDbs: SPACES.length + 2 })
      this.#spaces = new Map(SPACES.map((name) => [name, this.#root.openDB<Uint8Array, Uint8Array>({ ...BINARY, name })]))
      syncDirectory(path)
    } catch (cause) {
      throw toStorageError(cause, path, 'opening the shares in')
    }
    this.#writer = {
      get: (space, key) => this.get(space, key),
      put: (space, key, value) => this.#space(space).putSync(key, value),
      remove: (space, key) => void this.#space(space).removeSync(key),
    }
  }

  get(space: KeyholderSpace, key: Uint8Array): Uint8Array | undefined {
    const found = this.#space(space).getBinaryFast(key)
    return found === undefined ? undefined : copyOf(found)
  }

  /** Keys in [from, to) in byte order. */
  *range(space: KeyholderSpace, from: Uint8Array, to: Uint8Array | undefined, limit?: number): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    const bounds = { start: from, ...(to === undefined ? {} : { end: to }), ...(limit === undefined ? {} : { limit }) }
    for (const { key, value } of this.#space(space).getRange(bounds)) yield [copyOf(key), copyOf(value)]
  }

  count(space: KeyholderSpace, from: Uint8Array, to: Uint8Array): number {
    return this.#space(space).getKeysCount({ start: from, end: to })
  }

  /** All writes or none; durable when it resolves. Flushes off the event loop. @throws StorageError */
  async write(change: (writer: KeyholderWriter) => void): Promise<void> {
    if (this.#failed) throw this.#failed
    try {
      // A promise returned from the callback would hold the transaction open.
      await this.#root.transaction(() => {
        change(this.#writer)
      })
    } catch (cause) {
      const error = toWriteError(await commitFailure(cause), this.#path, 'writing shares to')
      if (this.#failed === undefined && !this.#closed) this.#onFailed(error)
      this.#failed ??= error
      throw error
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#root.close()
    if (this.#failed === undefined) this.#seal.close()
  }

  #space(space: KeyholderSpace): Binary {
    if (this.#closed) throw new StorageError('ERR_STORAGE_CLOSED', 'the keyholder is closed')
    return this.#spaces.get(space) as Binary
  }
}

/** lmdb re-uses one buffer for all reads and overrides its `length`, which only `subarray` heeds. */
function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length)
  copy.set(bytes.subarray(0, copy.length))
  return copy
}

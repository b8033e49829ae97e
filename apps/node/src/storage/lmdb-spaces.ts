import { open, type Database, type RootDatabase } from 'lmdb'
import { StorageError } from './errors.ts'
import { STORE_SPACES, type StoreSpace, type StoreWrite } from './state-store.ts'

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

type Binary = Database<Uint8Array, Uint8Array>

/** The state's LMDB environment: one database for each space. */
export interface LmdbSpaces {
  readonly root: RootDatabase<Uint8Array, Uint8Array>
  readonly spaces: ReadonlyMap<StoreSpace, Binary>
}

/** Opens the environment, also once more in another thread of the process. Throws what lmdb throws. */
export function openSpaces(path: string): LmdbSpaces {
  const root = open<Uint8Array, Uint8Array>({ ...DURABLE, ...BINARY, path, noSubdir: false, maxDbs: STORE_SPACES.length + 2 })
  return { root, spaces: new Map(STORE_SPACES.map((name) => [name, root.openDB<Uint8Array, Uint8Array>({ ...BINARY, name })])) }
}

/** All of the writes in one transaction, flushed when it returns. Throws what lmdb throws; then nothing was written. */
export function writeSpaces({ root, spaces }: LmdbSpaces, writes: Iterable<StoreWrite>): void {
  root.transactionSync(() => {
    for (const { space, key, value } of writes) {
      const database = spaces.get(space) as Binary
      if (value === null) {
        database.removeSync(key)
        continue
      }
      // Within a transaction putSync answers whether it wrote; its type does not say so.
      const written: unknown = database.putSync(key, value, { append: APPEND_ONLY.has(space) })
      if (written !== true) throw new StorageError('ERR_STORAGE_IO', `a key of ${space} does not follow those before it`, { context: { space } })
    }
  })
}

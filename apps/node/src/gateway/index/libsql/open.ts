import { DirectoryLock } from '../../../storage/directory-lock.ts'
import { makeDirectory } from '../../../storage/files.ts'
import { systemLater, type Later } from '../../later.ts'
import { IndexError } from '../errors.ts'
import { attempt } from './database.ts'
import { generationBase, generationsIn, removeGeneration } from './files.ts'
import { deriveIndexKeys } from './keys.ts'
import { IndexSession } from './session.ts'
import { LibsqlIndexStore } from './store.ts'
import type { LibsqlStoreOptions } from './store.ts'

export interface IndexStoreOptions {
  /** Directory of its own; made if missing (0700). */
  readonly directory: string
  /** 32 bytes; everything stored is encrypted and authenticated under keys derived from it. */
  readonly key: Uint8Array
  /** FHIR base of the organisation: references below it are indexed as local. */
  readonly base?: string
  /** Memory for pages; default 64 MiB. */
  readonly cacheBytes?: number
  /** Size of the log at which it is copied into the file; default 64 MiB. */
  readonly logLimitBytes?: number
  /**
   * How far committing may lag behind: batches are served at once and committed together, from so many rows on, or after
   * so many milliseconds. A crash takes back what was not committed, height and all. Default: each batch is committed.
   */
  readonly holdBack?: { readonly rows: number; readonly ms: number }
  readonly later?: Later
}

export interface OpenedIndex {
  readonly store: LibsqlIndexStore
  /**
   * `kept`: as it was left. Otherwise the index is empty and stands at height 0: there was none (`new`), it was
   * built under other definitions (`outdated`), or it was damaged (`damaged`, with what was found).
   */
  readonly state: 'kept' | 'new' | 'outdated' | 'damaged'
  readonly damage?: IndexError
}

const DEFAULT_CACHE = 64 * 1024 * 1024
const DEFAULT_LOG_LIMIT = 64 * 1024 * 1024

/**
 * Opens an organisation's index, checking every byte of it. Whatever the state, the caller reads the height and
 * applies what the ledger has beyond it; an index higher than the ledger is to be cleared.
 *
 * @throws IndexError `ERR_INDEX_KEY`, `ERR_INDEX_LOCKED`, `ERR_INDEX_FULL`, `ERR_INDEX_STORAGE`
 */
export function openIndexStore(options: IndexStoreOptions): OpenedIndex {
  const { directory } = options
  attempt(() => makeDirectory(directory))
  const settings = {
    directory,
    keys: deriveIndexKeys(options.key),
    cacheBytes: options.cacheBytes ?? DEFAULT_CACHE,
    logLimitBytes: options.logLimitBytes ?? DEFAULT_LOG_LIMIT,
    heldRows: options.holdBack?.rows ?? 0,
    heldMs: options.holdBack?.ms ?? 0,
    later: options.later ?? systemLater,
    ...(options.base === undefined ? {} : { base: options.base }),
  }
  const lock = attempt(() => new DirectoryLock(directory))
  try {
    const { session, generation, ...outcome } = openNewest(settings)
    return { store: new LibsqlIndexStore(settings, lock, generation, session), ...outcome }
  } catch (error) {
    lock.release()
    throw error
  }
}

interface Found extends Omit<OpenedIndex, 'store'> {
  readonly session: IndexSession
  readonly generation: number
}

function openNewest(settings: LibsqlStoreOptions): Found {
  const { directory } = settings
  const [newest, ...older] = generationsIn(directory)
  for (const generation of older) removeGeneration(directory, generation)
  if (newest === undefined) return { session: IndexSession.create(generationBase(directory, 1), settings), generation: 1, state: 'new' }
  let damage: IndexError | undefined
  try {
    const session = IndexSession.open(generationBase(directory, newest), settings)
    if (session !== undefined) return { session, generation: newest, state: 'kept' }
  } catch (error) {
    if (!(error instanceof IndexError) || error.code !== 'ERR_INDEX_CORRUPT') throw error
    damage = error
  }
  removeGeneration(directory, newest)
  const generation = newest + 1
  const session = IndexSession.create(generationBase(directory, generation), settings)
  return damage === undefined ? { session, generation, state: 'outdated' } : { session, generation, state: 'damaged', damage }
}

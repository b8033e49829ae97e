/** Stable codes of what can go wrong between the node and its disk. Codes are never renamed or re-used. */
export type StorageErrorCode =
  /** No space left: free some and start again. */
  | 'ERR_STORAGE_FULL'
  /** The directory cannot be written: read-only file system, permissions, or not a directory. */
  | 'ERR_STORAGE_READ_ONLY'
  /** Another process holds the directory; context has its `pid` where it is known. */
  | 'ERR_STORAGE_LOCKED'
  /** Bytes on disk are not those that were written; context says where. */
  | 'ERR_STORAGE_CORRUPT'
  /** Written for another network or another genesis. */
  | 'ERR_STORAGE_FOREIGN'
  /** A read, write or flush failed. */
  | 'ERR_STORAGE_IO'
  | 'ERR_STORAGE_CLOSED'

/** Paths, heights, offsets and system codes; never contents. */
export type StorageErrorContext = Readonly<Record<string, string | number>>

/** What `storage/` throws: a stable code, and words that say what to do. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code: StorageErrorCode
  readonly context: StorageErrorContext
  constructor(code: StorageErrorCode, message: string, options: { context?: StorageErrorContext; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.context = options.context ?? {}
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
/** lmdb gives numbers. */
const NUMBERS: ReadonlyMap<number, string> = new Map([[5, 'EIO'], [13, 'EACCES'], [28, 'ENOSPC'], [30, 'EROFS'], [122, 'EDQUOT']])
const READ_ONLY = new Set(['EROFS', 'EACCES', 'EPERM', 'ENOTDIR'])

/** The system's code of an error (`ENOSPC`), also where a library only has it in its words. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code)) return error.code
  if ('code' in error && typeof error.code === 'number') return NUMBERS.get(error.code)
  if (/no space left/i.test(error.message)) return 'ENOSPC'
  if (/read-only file system/i.test(error.message)) return 'EROFS'
  return undefined
}

/** Turns a failed system call on `path` into a StorageError; one that is already is returned as it is. */
export function toStorageError(cause: unknown, path: string, doing: string): StorageError {
  if (cause instanceof StorageError) return cause
  const system = systemCode(cause)
  const context = system === undefined ? { path } : { path, system }
  if (system !== undefined && FULL.has(system)) {
    return fullError(path, doing, cause)
  }
  if (system !== undefined && READ_ONLY.has(system)) {
    return new StorageError('ERR_STORAGE_READ_ONLY', `${path} cannot be written (${system}): give this user a writable directory, or set CHIRON_DATA to another one`, { context, cause })
  }
  return new StorageError('ERR_STORAGE_IO', `${doing} ${path} failed${system ? ` (${system})` : ''}: check the disk before you start the node again`, { context, cause })
}

export function fullError(path: string, doing: string, cause: unknown): StorageError {
  return new StorageError('ERR_STORAGE_FULL', `no space left while ${doing} ${path}: free some space and start the node again`, { context: { path, system: systemCode(cause) ?? 'ENOSPC' }, cause })
}

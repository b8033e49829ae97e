import { fullError, toStorageError, type StorageError } from './errors.ts'
import { freeBytes } from './files.ts'

/** Below this an unexplained write error is taken for a full disk. */
const FULL_BELOW_BYTES = 1024 * 1024

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

import { StorageError } from './errors.ts'
import { freeBytes } from './files.ts'

/** Space that writes leave free, so that what was begun can be finished and a full disk refuses instead of halting. */
export const RESERVED_BYTES = 8 * 1024 * 1024

/** To be asked before a write is begun. @throws StorageError `ERR_STORAGE_FULL` when less than `reservedBytes` are left */
export function assertRoom(path: string, reservedBytes = RESERVED_BYTES): void {
  const free = freeBytes(path)
  if (free >= reservedBytes) return
  throw new StorageError('ERR_STORAGE_FULL', `only ${free} bytes are left for ${path}: nothing is written below ${reservedBytes}; free some space`, { context: { path, free } })
}

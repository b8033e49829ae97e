import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, renameSync, statfsSync, unlinkSync, writeSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { toStorageError } from './errors.ts'

/** Writes all of `bytes` at `position`; a short write is carried on with. */
export function writeAll(descriptor: number, bytes: Uint8Array, position: number): void {
  let done = 0
  while (done < bytes.length) done += writeSync(descriptor, bytes, done, bytes.length - done, position + done)
}

/**
 * Writes a whole file so that after a crash there is the old one or the new one: temporary file, flush, rename, flush
 * of the directory. Mode 0600.
 * @throws StorageError `ERR_STORAGE_FULL`, `ERR_STORAGE_READ_ONLY`, `ERR_STORAGE_IO`
 */
export function writeFileDurably(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`
  try {
    const descriptor = openSync(temporary, 'w', 0o600)
    try {
      writeAll(descriptor, bytes, 0)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
    syncDirectory(dirname(path))
  } catch (cause) {
    throw toStorageError(cause, path, 'writing')
  }
}

/** As {@link writeFileDurably}, without blocking: durable when it resolves. One at a time for a path. @throws StorageError */
export async function writeFileDurablyInBackground(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    const directory = await open(dirname(path), 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  } catch (cause) {
    throw toStorageError(cause, path, 'writing')
  }
}

/** Creates a directory (0700) with those above it, durably. @throws StorageError */
export function makeDirectory(path: string): void {
  try {
    const first = mkdirSync(path, { recursive: true, mode: 0o700 })
    if (first !== undefined) syncDirectory(dirname(path))
  } catch (cause) {
    throw toStorageError(cause, path, 'creating')
  }
}

/** Overwrites a file with zeros, flushes, and removes it. On copy-on-write disks older blocks may outlast this. */
export function eraseFile(path: string, length: number): void {
  const descriptor = openSync(path, 'r+')
  try {
    writeAll(descriptor, new Uint8Array(length), 0)
    fsyncSync(descriptor)
    ftruncateSync(descriptor, 0)
  } finally {
    closeSync(descriptor)
  }
  unlinkSync(path)
  syncDirectory(dirname(path))
}

/** Bytes that this user may still write on the file system of `path`. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

/** Makes names that were created, renamed or removed in a directory durable. */
export function syncDirectory(path: string): void {
  flushFile(path)
}

/** Makes what was written to a file durable. */
export function flushFile(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

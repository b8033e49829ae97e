import { hash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { IndexError } from '../errors.ts'
import { attempt, PAGE_BYTES } from './database.ts'
import { HASH_BYTES } from './manifest.ts'

/** What is kept of a page in `bytes`: `HASH_BYTES` of its SHA-256. */
export function pageHash(bytes: Uint8Array, index: number): Buffer {
  return hash('sha256', bytes.subarray(index * PAGE_BYTES, (index + 1) * PAGE_BYTES), 'buffer').subarray(0, HASH_BYTES)
}

export function withFile(path: string, use: (descriptor: number) => void): void {
  const descriptor = attempt(() => openSync(path, 'r'))
  try {
    use(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Fills `bytes` from the file. @throws IndexError `ERR_INDEX_CORRUPT` if it ends before */
export function readInto(descriptor: number, bytes: Buffer, position: number): void {
  let read = 0
  while (read < bytes.length) {
    const count = attempt(() => readSync(descriptor, bytes, read, bytes.length - read, position + read))
    if (count === 0) throw new IndexError('ERR_INDEX_CORRUPT', { reason: 'short' })
    read += count
  }
}

export function readRange(path: string, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  withFile(path, (descriptor) => readInto(descriptor, bytes, position))
  return bytes
}

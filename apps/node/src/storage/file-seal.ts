import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, readSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { StorageError, toStorageError } from './errors.ts'
import { flushFile, syncDirectory, writeFileDurably } from './files.ts'

const CHUNK_BYTES = 1024 * 1024

/**
 * SHA-256 of a database file, kept beside it (`.sum`) from an orderly close to the next open. LMDB checks nothing that it
 * reads: a changed page ends the process or, worse, answers. After a crash there is no seal, and the file is taken as it is.
 */
export class FileSeal {
  readonly #file: string
  readonly #path: string

  constructor(file: string) {
    this.#file = file
    this.#path = `${file}.sum`
  }

  /**
   * Checks the file, and removes the seal: to be called before the database is opened.
   * @param advice what to do when the file was changed
   * @throws StorageError `ERR_STORAGE_CORRUPT`; then the seal stays. `ERR_STORAGE_READ_ONLY`, `ERR_STORAGE_IO`
   */
  open(advice: string): void {
    try {
      if (!existsSync(this.#path)) return
      if (readFileSync(this.#path, 'utf8').trim() !== digestOf(this.#file)) {
        throw new StorageError('ERR_STORAGE_CORRUPT', `${this.#file} was changed while no node ran: ${advice}`, { context: { path: this.#file } })
      }
      unlinkSync(this.#path)
      syncDirectory(dirname(this.#path))
    } catch (cause) {
      throw toStorageError(cause, this.#file, 'checking')
    }
  }

  /**
   * Vouches for the file as it is now: to be called when the database is closed. Without room for it there is no seal.
   * LMDB leaves pages unflushed that no commit refers to, such as those of a file in which nothing was ever put: they are
   * in the sum, so they are flushed before it.
   */
  close(): void {
    try {
      if (existsSync(this.#file)) flushFile(this.#file)
      writeFileDurably(this.#path, new TextEncoder().encode(`${digestOf(this.#file)}\n`))
    } catch {
      // A missing seal only means that the next open checks nothing.
    }
  }
}

function digestOf(path: string): string {
  if (!existsSync(path)) return 'missing'
  const digest = createHash('sha256')
  const chunk = new Uint8Array(CHUNK_BYTES)
  const descriptor = openSync(path, 'r')
  try {
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) digest.update(chunk.subarray(0, read))
  } finally {
    closeSync(descriptor)
  }
  return digest.digest('hex')
}

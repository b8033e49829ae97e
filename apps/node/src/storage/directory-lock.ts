import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { StorageError, toStorageError } from './errors.ts'
import { writeFileDurably } from './files.ts'

/**
 * Holds a data directory for one process. The lock is SQLite's exclusive lock (a POSIX record lock) on `lock`, which the
 * kernel releases when the process ends in any way; `lock.pid` only names the holder. No other code of the process may
 * open and close `lock`: closing any descriptor of a file drops the process's record locks on it.
 */
export class DirectoryLock {
  readonly #database: Database.Database

  /** @throws StorageError `ERR_STORAGE_LOCKED` (context `pid` of the holder), `ERR_STORAGE_READ_ONLY`, `ERR_STORAGE_FULL`, `ERR_STORAGE_IO` */
  constructor(directory: string) {
    const path = join(directory, 'lock')
    this.#database = acquire(path, directory)
    try {
      writeFileDurably(`${path}.pid`, new TextEncoder().encode(`${process.pid}\n`))
    } catch (error) {
      this.release()
      throw error
    }
  }

  release(): void {
    this.#database.close()
  }
}

function acquire(path: string, directory: string): Database.Database {
  let database: Database.Database | undefined
  try {
    database = new Database(path, { timeout: 0 })
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (cause) {
    database?.close()
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (!code.startsWith('SQLITE_BUSY') && !code.startsWith('SQLITE_LOCKED')) throw toStorageError(cause, path, 'locking')
    const pid = holder(path)
    const who = pid === undefined ? 'another process' : `process ${pid}`
    throw new StorageError('ERR_STORAGE_LOCKED', `${who} is running a node on ${directory}: stop it, or set CHIRON_DATA to another directory`, {
      context: pid === undefined ? { path: directory } : { path: directory, pid },
      cause,
    })
  }
}

function holder(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(`${path}.pid`, 'utf8').trim())
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

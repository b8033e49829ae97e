import Database from 'libsql'
import { closeSync, openSync } from 'node:fs'
import type { Sql, SqlValue } from '@chiron/fhir'
import { IndexError } from '../errors.ts'

export const PAGE_BYTES = 8192

export type Row = Readonly<Record<string, unknown>>

interface Statement {
  run(params: readonly SqlValue[]): unknown
  get(params: readonly SqlValue[]): unknown
  all(params: readonly SqlValue[]): unknown[]
}

/**
 * One encrypted SQLite file, opened by this connection alone. That no other process opens it is for a lock of the
 * directory to see to: SQLite's own, a POSIX lock, goes when `PageGuard` closes a descriptor of the file. Parameters always go in as an array: a bare buffer
 * would end the process (libsql 0.5.29). Without shared memory the write-ahead log's index lies in this process,
 * out of reach of whoever can write to the directory.
 *
 * The cipher (AES-256-CBC, one key per page, initial vector fixed per page) does not authenticate: `PageGuard` does.
 */
export class IndexDatabase {
  readonly #database: Database.Database
  readonly #statements = new Map<string, Statement>()

  /** @param pageHex 32 bytes in hex. `encryptionKey` would use no more than 32 characters of it, so a pragma gives it. */
  constructor(path: string, pageHex: string, cacheBytes: number) {
    attempt(() => closeSync(openSync(path, 'a', 0o600)))
    this.#database = attempt(() => new Database(path))
    try {
      this.all({ sql: `PRAGMA hexkey = '${pageHex}'`, params: [] })
      this.exec(`PRAGMA page_size = ${PAGE_BYTES}`)
      this.exec('PRAGMA locking_mode = EXCLUSIVE')
      this.exec('PRAGMA journal_mode = WAL')
      this.exec('PRAGMA synchronous = NORMAL')
      this.exec('PRAGMA secure_delete = ON')
      this.exec('PRAGMA wal_autocheckpoint = 0')
      this.exec('PRAGMA temp_store = MEMORY')
      // The log changes in commits only, which is what PageGuard expects.
      this.exec('PRAGMA cache_spill = OFF')
      this.exec(`PRAGMA cache_size = -${Math.ceil(cacheBytes / 1024)}`)
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  exec(sql: string): void {
    attempt(() => this.#database.exec(sql))
  }

  all(statement: Sql): Row[] {
    return attempt(() => this.#prepare(statement.sql).all(checked(statement.params))) as Row[]
  }

  get(sql: string, ...params: readonly SqlValue[]): Row | undefined {
    return attempt(() => this.#prepare(sql).get(checked(params))) as Row | undefined
  }

  run(sql: string, params: readonly SqlValue[]): void {
    attempt(() => this.#prepare(sql).run(checked(params)))
  }

  /** Copies the write-ahead log into the file. Nothing else reads, so it is always complete. */
  checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): void {
    const row = this.all({ sql: `PRAGMA wal_checkpoint(${mode})`, params: [] })[0]
    if (row?.['busy'] !== 0 || row['log'] !== row['checkpointed']) throw new IndexError('ERR_INDEX_STORAGE', { operation: 'checkpoint' })
  }

  /** Ends a transaction that failed; SQLite may have ended it already. */
  rollback(): void {
    if (this.#database.inTransaction) this.exec('ROLLBACK')
  }

  /** Undoes what came after a savepoint; false when SQLite has ended the transaction with all that was in it. */
  rollbackTo(savepoint: string): boolean {
    if (!this.#database.inTransaction) return false
    this.exec(`ROLLBACK TO ${savepoint}`)
    this.exec(`RELEASE ${savepoint}`)
    return true
  }

  /** Page 1 in the clear. */
  firstPage(): Buffer {
    const data = bytesOf(this.get('SELECT data FROM sqlite_dbpage WHERE pgno = 1')?.['data'])
    if (data === undefined) throw new IndexError('ERR_INDEX_CORRUPT', { page: 1 })
    return Buffer.from(data)
  }

  /**
   * Leaves write-ahead mode before closing. Statements hold the connection until they are collected as garbage; a
   * connection still in that mode would keep its lock, and would delete the log of whoever opened the file next.
   */
  close(): void {
    try {
      this.all({ sql: 'PRAGMA journal_mode = DELETE', params: [] })
      this.all({ sql: 'PRAGMA locking_mode = NORMAL', params: [] })
      this.all({ sql: 'SELECT count(*) FROM sqlite_schema', params: [] })
    } finally {
      this.leave()
    }
  }

  /** Closes as it is, log and all. */
  leave(): void {
    this.#statements.clear()
    this.#database.close()
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql) as unknown as Statement
      if (sql.startsWith('PRAGMA')) return statement
      if (this.#statements.size >= 500) this.#statements.clear()
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** libsql cuts text at a NUL, so that it would match or become something else. */
function checked(params: readonly SqlValue[]): readonly SqlValue[] {
  for (const param of params) if (typeof param === 'string' && param.includes('\0')) throw new IndexError('ERR_INDEX_INPUT', { reason: 'nul' })
  return params
}

/** A column of bytes: `get` gives a Buffer, `all` an ArrayBuffer (libsql 0.5.29). */
export function bytesOf(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value
  return value instanceof ArrayBuffer ? Buffer.from(value) : undefined
}

const CODES: Readonly<Record<string, 'ERR_INDEX_CORRUPT' | 'ERR_INDEX_FULL' | 'ERR_INDEX_LOCKED'>> = {
  SQLITE_NOTADB: 'ERR_INDEX_CORRUPT',
  SQLITE_CORRUPT: 'ERR_INDEX_CORRUPT',
  SQLITE_FULL: 'ERR_INDEX_FULL',
  ENOSPC: 'ERR_INDEX_FULL',
  EDQUOT: 'ERR_INDEX_FULL',
  ERR_STORAGE_FULL: 'ERR_INDEX_FULL',
  ERR_STORAGE_LOCKED: 'ERR_INDEX_LOCKED',
  SQLITE_BUSY: 'ERR_INDEX_LOCKED',
}

/** What SQLite says of statements beyond its limits (sqlite.org/limits.html); it has no code of its own for them. */
const TOO_LARGE = /^(?:parser stack overflow|Expression tree is too large|too many (?:SQL variables|terms|columns|FROM clause terms|arguments)|at most \d+ tables|string or blob too big|statement too long)/

/** Runs something on disk or database, and translates what it throws. Causes hold SQL with placeholders, never values. */
export function attempt<Result>(operation: () => Result): Result {
  try {
    return operation()
  } catch (cause) {
    throw storageError(cause)
  }
}

export function storageError(cause: unknown): IndexError {
  if (cause instanceof IndexError) return cause
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
  if (code === 'SQLITE_ERROR' && TOO_LARGE.test((cause as Error).message)) return new IndexError('ERR_INDEX_COSTLY', {}, { cause })
  const known = CODES[code] ?? (code.startsWith('SQLITE_CORRUPT') ? 'ERR_INDEX_CORRUPT' : undefined)
  return new IndexError(known ?? 'ERR_INDEX_STORAGE', code === '' ? {} : { reason: code }, { cause })
}

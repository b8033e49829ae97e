import { rmSync, truncateSync } from 'node:fs'
import { writeFileDurably } from '../../../storage/files.ts'
import { IndexError } from '../errors.ts'
import { attempt, IndexDatabase, PAGE_BYTES, storageError } from './database.ts'
import type { IndexKeys } from './keys.ts'
import { formatManifest, parseManifest } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { maskedHash, PageGuard, readWhole } from './page-guard.ts'
import { indexFingerprint, indexSchema } from './schema.ts'
import { parseWal } from './wal.ts'
import type { WalContent } from './wal.ts'

export interface SessionOptions {
  readonly keys: IndexKeys
  /** Memory for pages. */
  readonly cacheBytes: number
  /** Size of the log at which it is copied into the file. */
  readonly logLimitBytes: number
  /** Rows from which on a transaction is committed; 0: each batch is a transaction of its own. */
  readonly heldRows: number
}

/** A change, and how many rows it writes. It may be made again: it must depend on the database alone. */
export interface Change {
  readonly rows: number
  make(database: IndexDatabase): void
}

/**
 * An open database file with the guard that vouches for it. Every read is followed, and every transaction preceded,
 * by a check that nothing but this session changed the files.
 *
 * Batches are held in one open transaction, in which queries see them, until `commit`: what many batches change is then
 * encrypted, written and hashed once. A crash loses those not committed, and the height with them; they are remembered, so
 * that a commit that fails loses none.
 *
 * Order of a checkpoint: log → file (flushed by SQLite) → manifest (flushed) → empty log. After a crash at any point
 * a page either agrees with the manifest or is in the log.
 */
export class IndexSession {
  readonly #options: SessionOptions
  readonly #base: string
  readonly #database: IndexDatabase
  readonly #guard: PageGuard
  #held: Change[] = []
  /** A commit has failed: nothing more is taken before one succeeds. */
  #overdue = false

  private constructor(base: string, options: SessionOptions, database: IndexDatabase, guard: PageGuard) {
    this.#base = base
    this.#options = options
    this.#database = database
    this.#guard = guard
  }

  /** Starts an empty index in `<base>.db` and `<base>.manifest`, which must not exist. */
  static create(base: string, options: SessionOptions): IndexSession {
    const guard = new PageGuard(`${base}.db`, new Uint8Array())
    const database = new IndexDatabase(guard.path, options.keys.pageHex, options.cacheBytes)
    const session = new IndexSession(base, options, database, guard)
    database.exec('BEGIN IMMEDIATE')
    for (const statement of indexSchema()) database.exec(statement)
    database.exec('COMMIT')
    guard.extendLog()
    session.checkpoint()
    return session
  }

  /**
   * Opens what a session left, after a check of every byte of it. Undefined if it was built under other definitions.
   * @throws IndexError `ERR_INDEX_CORRUPT`, `ERR_INDEX_KEY`, `ERR_INDEX_LOCKED`
   */
  static open(base: string, options: SessionOptions): IndexSession | undefined {
    const bytes = readWhole(`${base}.manifest`)
    if (bytes === undefined) throw new IndexError('ERR_INDEX_CORRUPT', { file: 'manifest', reason: 'missing' })
    const manifest = parseManifest(bytes, options.keys)
    if (manifest.fingerprint !== indexFingerprint()) return undefined
    const guard = new PageGuard(`${base}.db`, manifest.hashes)
    const log = recoverLog(guard, manifest)
    if (log !== undefined) guard.expectPages(log.pages.keys())
    guard.deferFirstPage()
    for (let page: number | undefined = 1; page !== undefined; ) page = guard.verifySlice(page)
    if (log === undefined) guard.verifySize()
    const database = new IndexDatabase(guard.path, options.keys.pageHex, options.cacheBytes)
    const session = new IndexSession(base, options, database, guard)
    try {
      session.#settleFirst(manifest, log)
    } catch (error) {
      session.abandon()
      throw error
    }
    return session
  }

  /** Runs queries; they see one state. @throws IndexError `ERR_INDEX_CORRUPT` instead of an answer that may be wrong */
  read<Result>(query: (database: IndexDatabase) => Result): Result {
    const result = query(this.#database)
    this.#guard.check()
    return result
  }

  /** Whether something waits for `commit`. */
  get isHolding(): boolean {
    return this.#held.length > 0
  }

  /**
   * Makes a change that queries see from now on. If it throws, nothing has changed.
   * @param durably whether it is committed at once
   */
  write(change: Change, durably: boolean): void {
    this.#guard.check()
    if (this.#overdue) this.commit()
    if (!this.isHolding) this.#begin()
    this.#apply(change)
    const before = this.#held
    this.#held = [...before, change]
    if (durably || this.#held.reduce((sum, { rows }) => sum + rows, 0) >= this.#options.heldRows) this.#commit(before)
  }

  /** Commits what is held. If it throws, it is held still, and queries go on seeing it. */
  commit(): void {
    if (this.isHolding) this.#commit(this.#held)
  }

  #begin(): void {
    if (this.#guard.logEnd > this.#options.logLimitBytes) this.checkpoint()
    this.#database.exec('BEGIN IMMEDIATE')
  }

  #apply(change: Change): void {
    const held = this.#held
    try {
      this.#database.exec('SAVEPOINT batch')
      change.make(this.#database)
      this.#database.exec('RELEASE batch')
    } catch (error) {
      if (held.length > 0 && this.#database.rollbackTo('batch')) throw error
      this.#restore(held)
      throw error
    }
  }

  #commit(keptOnFailure: Change[]): void {
    try {
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#overdue = keptOnFailure.length > 0
      this.#restore(keptOnFailure)
      throw error
    }
    this.#overdue = false
    this.#held = []
    this.#guard.extendLog()
  }

  /** Ends a transaction that failed, and makes the changes that are to be kept of it in a new one. */
  #restore(changes: Change[]): void {
    this.#held = []
    this.#database.rollback()
    this.#guard.cutLog()
    if (changes.length === 0) return
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      for (const change of changes) change.make(this.#database)
    } catch (cause) {
      throw new IndexError('ERR_INDEX_CORRUPT', { reason: 'lost' }, { cause })
    }
    this.#held = changes
  }

  checkpoint(): void {
    if (this.#guard.logEnd === 0) return
    this.#guard.expectLog()
    this.#database.checkpoint('PASSIVE')
    this.#guard.settle()
    this.#writeManifest(this.#guard.logSalts)
    this.#database.checkpoint('TRUNCATE')
    this.#guard.forgetLog()
  }

  /** Compares a slice of the files with what they must be; returns where to go on. @throws IndexError `ERR_INDEX_CORRUPT` */
  verifySlice(first: number): number | undefined {
    if (first === 1) this.#guard.verifyLog()
    return this.#guard.verifySlice(first)
  }

  /** The write-ahead log's file. */
  get logPath(): string {
    return this.#guard.logPath
  }

  /** Bytes on disk. */
  bytes(): number {
    return this.#guard.pageCount * PAGE_BYTES + this.#guard.logEnd
  }

  /** If the log cannot be copied into the file, it is left for the next start, and the error is thrown. */
  close(): void {
    try {
      this.#guard.check()
      this.commit()
      this.checkpoint()
    } catch (error) {
      this.#guard.setLogAside()
      this.#database.leave()
      throw error
    }
    this.#database.close()
  }

  /** Lets go of files that are not worth keeping. */
  abandon(): void {
    try {
      this.#database.rollback()
      this.#database.close()
    } catch (cause) {
      storageError(cause)
    }
  }

  #settleFirst(manifest: Manifest, log: WalContent | undefined): void {
    const guard = this.#guard
    if (log?.pages.has(1) !== true && !maskedHash(this.#database.firstPage()).equals(manifest.firstPage)) throw new IndexError('ERR_INDEX_CORRUPT', { page: 1 })
    if (log === undefined) {
      guard.acceptFirstPage()
      guard.settleStatus()
      return
    }
    guard.extendLog()
    this.checkpoint()
  }

  #writeManifest(walSalts: Uint8Array): void {
    const firstPage = maskedHash(this.#database.firstPage())
    const manifest = { fingerprint: indexFingerprint(), walSalts, firstPage, hashes: this.#guard.hashes }
    attempt(() => writeFileDurably(`${this.#base}.manifest`, formatManifest(manifest, this.#options.keys)))
  }
}

/**
 * The part of a left-over log that SQLite will read, if any. What follows it is cut off. A log that the file holds
 * already is removed: were its end damaged, its older pages would come before newer ones of the file.
 */
function recoverLog(guard: PageGuard, manifest: Manifest): WalContent | undefined {
  guard.takeLogBack()
  const bytes = readWhole(guard.logPath)
  if (bytes === undefined) return undefined
  const log = parseWal(bytes, PAGE_BYTES)
  if (log === undefined || Buffer.from(log.salts).equals(manifest.walSalts)) {
    attempt(() => rmSync(guard.logPath))
    return undefined
  }
  attempt(() => truncateSync(guard.logPath, log.end))
  return log
}

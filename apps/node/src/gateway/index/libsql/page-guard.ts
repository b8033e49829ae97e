import { hash } from 'node:crypto'
import { readFileSync, renameSync, statSync, truncateSync } from 'node:fs'
import { IndexError } from '../errors.ts'
import { attempt, PAGE_BYTES } from './database.ts'
import { LogReader } from './log-reader.ts'
import { HASH_BYTES } from './manifest.ts'
import { pageHash, readInto, readRange, withFile } from './pages.ts'

/** Pages that `verifySlice` reads at a time. */
const SLICE_PAGES = 512

/**
 * Knows what every byte of the database file and its log must be, and says when one is not. The file changes only
 * in a checkpoint, the log only in a commit, both through this process: so the hash of each page of the file and of the
 * log is known at any time, and a file whose status (inode, size, change time) moved by itself is read and
 * compared before the next answer leaves.
 */
export class PageGuard {
  readonly path: string
  readonly logPath: string
  #hashes: Buffer
  /** Pages of which the log holds a newer content than the file may. */
  readonly #unsettled = new Set<number>()
  #log: LogReader
  #fileStatus = ''
  #logStatus = ''

  constructor(path: string, hashes: Uint8Array) {
    this.path = path
    this.logPath = `${path}-wal`
    this.#log = new LogReader(this.logPath)
    this.#hashes = Buffer.from(hashes)
  }

  get hashes(): Uint8Array {
    return this.#hashes
  }

  get pageCount(): number {
    return this.#hashes.length / HASH_BYTES
  }

  get logEnd(): number {
    return this.#log.end
  }

  /** Salts of the log as it is; 8 bytes. */
  get logSalts(): Uint8Array {
    return this.#log.salts
  }

  /** Compares the files if anything touched them. @throws IndexError `ERR_INDEX_CORRUPT` */
  check(): void {
    const file = statusOf(this.path)
    if (file !== this.#fileStatus) {
      for (let first: number | undefined = 1; first !== undefined; ) first = this.verifySlice(first)
      if (this.#unsettled.size === 0) this.verifySize()
      this.#fileStatus = file
    }
    const log = statusOf(this.logPath)
    if (log !== this.#logStatus) {
      this.verifyLog()
      this.#logStatus = log
    }
  }

  /**
   * Puts the log where SQLite does not find it. A connection that ends with a log copies it into the file and deletes it,
   * whenever its last statement is collected, and nobody writes the manifest: with the log each page is one or the other.
   * @returns whether it could be moved; if not, the next start finds the file damaged
   */
  setLogAside(): boolean {
    try {
      renameSync(this.logPath, asidePath(this.path))
      return true
    } catch {
      return false
    }
  }

  /** Takes back a log that was set aside. */
  takeLogBack(): void {
    const aside = asidePath(this.path)
    if (sizeOf(aside) > 0) attempt(() => renameSync(aside, this.logPath))
  }

  /** Takes the files as they are now for untouched. */
  settleStatus(): void {
    this.#fileStatus = statusOf(this.path)
    this.#logStatus = statusOf(this.logPath)
  }

  /** Compares pages from `first` on; returns the page to go on with, or undefined at the end. @throws IndexError `ERR_INDEX_CORRUPT` */
  verifySlice(first: number): number | undefined {
    const count = Math.min(SLICE_PAGES, this.pageCount - first + 1)
    const bytes = readRange(this.path, (first - 1) * PAGE_BYTES, count * PAGE_BYTES)
    for (let index = 0; index < count; index++) {
      const page = first + index
      if (this.#unsettled.has(page)) continue
      if (!pageHash(bytes, index).equals(this.#hashOf(page))) throw new IndexError('ERR_INDEX_CORRUPT', { page })
    }
    const next = first + count
    return next <= this.pageCount ? next : undefined
  }

  /** @throws IndexError `ERR_INDEX_CORRUPT` if the file has more or fewer pages than are known */
  verifySize(): void {
    if (sizeOf(this.path) !== this.pageCount * PAGE_BYTES) throw new IndexError('ERR_INDEX_CORRUPT', { reason: 'size' })
  }

  /** Takes in what a commit appended to the log. */
  extendLog(): void {
    this.#log.readTo(sizeOf(this.logPath))
    this.#logStatus = statusOf(this.logPath)
  }

  /** Cuts off what a transaction that failed left behind the last commit. */
  cutLog(): void {
    if (sizeOf(this.logPath) > this.logEnd) attempt(() => truncateSync(this.logPath, this.logEnd))
    this.#logStatus = statusOf(this.logPath)
  }

  /** @throws IndexError `ERR_INDEX_CORRUPT` if the log is not what commits wrote */
  verifyLog(): void {
    if (this.logEnd === 0) return
    const read = new LogReader(this.logPath)
    read.readTo(this.logEnd)
    if (!read.equals(this.#log)) throw new IndexError('ERR_INDEX_CORRUPT', { file: 'log' })
  }

  /** From here until `settle` the file may hold either content of these pages. */
  expectPages(pages: Iterable<number>): void {
    for (const page of pages) this.#unsettled.add(page)
  }

  /** The same for the pages in the log. */
  expectLog(): void {
    this.expectPages(this.#log.pages.keys())
  }

  /**
   * The file now holds what the log held, page by page as commits wrote it: says so only if it does, whatever happened to
   * the log in between. @throws IndexError `ERR_INDEX_CORRUPT`
   */
  settle(): void {
    const { pages, pageCount } = this.#log
    const hashes = Buffer.alloc(pageCount * HASH_BYTES)
    this.#hashes.copy(hashes)
    withFile(this.path, (descriptor) => {
      const stored = Buffer.allocUnsafe(PAGE_BYTES)
      for (const [page, expected] of pages) {
        if (page > pageCount) continue
        readInto(descriptor, stored, (page - 1) * PAGE_BYTES)
        if (!pageHash(stored, 0).equals(expected)) throw new IndexError('ERR_INDEX_CORRUPT', { page })
        expected.copy(hashes, (page - 1) * HASH_BYTES)
      }
    })
    // New pages that were never written: the one at SQLite's lock byte, and pages freed in the transaction that made them.
    for (let page = this.pageCount + 1; page <= pageCount; page++) {
      if (!pages.has(page)) pageHash(readRange(this.path, (page - 1) * PAGE_BYTES, PAGE_BYTES), 0).copy(hashes, (page - 1) * HASH_BYTES)
    }
    this.#hashes = hashes
    this.#unsettled.clear()
  }

  /** The log is empty again. */
  forgetLog(): void {
    this.#log = new LogReader(this.logPath)
    this.settleStatus()
  }

  /** Takes page 1 as it is, after a check of its content in the clear. */
  acceptFirstPage(): void {
    pageHash(readRange(this.path, 0, PAGE_BYTES), 0).copy(this.#hashes, 0)
    this.#unsettled.delete(1)
  }

  /**
   * Leaves page 1 to a check of its content in the clear: its ciphertext depends on the journal mode. Its bytes 16 to
   * 23 are not encrypted, and SQLite believes them before that check. @throws IndexError `ERR_INDEX_CORRUPT`
   */
  deferFirstPage(): void {
    const header = readRange(this.path, 0, 24).subarray(16)
    const mode = header[2]
    if ((mode !== 1 && mode !== 2) || !header.equals(Buffer.of(PAGE_BYTES >> 8, 0, mode, mode, 0, 0x40, 0x20, 0x20))) throw new IndexError('ERR_INDEX_CORRUPT', { page: 1 })
    this.#unsettled.add(1)
  }

  #hashOf(page: number): Buffer {
    return this.#hashes.subarray((page - 1) * HASH_BYTES, page * HASH_BYTES)
  }
}

/** Bytes of page 1 that a change of journal mode touches: format versions, change counter, version-valid-for, library version. */
const VOLATILE: readonly (readonly [from: number, to: number])[] = [[18, 20], [24, 28], [92, 100]]

/** SHA-256 of page 1 in the clear, without those bytes. */
export function maskedHash(firstPage: Buffer): Buffer {
  for (const [from, to] of VOLATILE) firstPage.fill(0, from, to)
  return hash('sha256', firstPage, 'buffer')
}

function asidePath(path: string): string {
  return `${path}-aside`
}

function statusOf(path: string): string {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false })
  return status === undefined ? '' : `${status.ino} ${status.size} ${status.ctimeNs} ${status.mtimeNs}`
}

export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** The whole file, or nothing if there is none. */
export function readWhole(path: string): Buffer | undefined {
  return sizeOf(path) === 0 ? undefined : attempt(() => readFileSync(path))
}

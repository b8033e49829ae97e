import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { IndexError } from '../errors.ts'
import { PAGE_BYTES } from './database.ts'
import { HASH_BYTES } from './manifest.ts'
import { pageHash, readInto, withFile } from './pages.ts'
import { FRAME_HEADER, HEADER } from './wal.ts'

const FRAME = FRAME_HEADER + PAGE_BYTES

/** Frames that are read at a time: a commit's part of the log as one buffer would call for the garbage collector each time. */
const AT_ONCE = 32
const CHUNK = Buffer.alloc(AT_ONCE * FRAME)

/**
 * What is known of a log that is read once, as commits append to it: the hash of the newest content of each page, and a
 * running hash that stands for every byte (headers as they are, pages by their hashes).
 */
export class LogReader {
  /** Hash of the newest ciphertext of each page, by page number. */
  readonly pages = new Map<number, Buffer>()
  readonly #path: string
  readonly #sum: Hash = createHash('sha256')
  #end = 0
  #pageCount = 0
  #salts: Uint8Array = new Uint8Array(8)

  constructor(path: string) {
    this.#path = path
  }

  /** Bytes read so far. */
  get end(): number {
    return this.#end
  }

  /** Pages of the database after the last commit. */
  get pageCount(): number {
    return this.#pageCount
  }

  get salts(): Uint8Array {
    return this.#salts
  }

  /** Reads on until `size`, where a commit has ended. @throws IndexError `ERR_INDEX_CORRUPT` if that cannot be its end */
  readTo(size: number): void {
    if (size === this.#end) return
    if (size < this.#end || (size - HEADER) % FRAME !== 0) throw new IndexError('ERR_INDEX_CORRUPT', { file: 'log', reason: 'size' })
    withFile(this.#path, (descriptor) => {
      if (this.#end === 0) this.#readHeader(descriptor)
      while (this.#end < size) this.#readFrames(descriptor, Math.min(AT_ONCE, (size - this.#end) / FRAME))
    })
    if (this.#pageCount === 0) throw new IndexError('ERR_INDEX_CORRUPT', { file: 'log', reason: 'commit' })
  }

  /** Whether another reader has read the same bytes. */
  equals(other: LogReader): boolean {
    return this.#end === other.#end && this.#sum.copy().digest().equals(other.#sum.copy().digest())
  }

  #readHeader(descriptor: number): void {
    const header = Buffer.alloc(HEADER)
    readInto(descriptor, header, 0)
    this.#sum.update(header)
    this.#salts = header.subarray(16, 24)
    this.#end = HEADER
  }

  #readFrames(descriptor: number, count: number): void {
    const bytes = CHUNK.subarray(0, count * FRAME)
    readInto(descriptor, bytes, this.#end)
    const summed = Buffer.allocUnsafe(count * (FRAME_HEADER + HASH_BYTES))
    for (let at = 0, to = 0; at < bytes.length; at += FRAME, to += FRAME_HEADER + HASH_BYTES) {
      const page = pageHash(bytes.subarray(at + FRAME_HEADER, at + FRAME), 0)
      bytes.copy(summed, to, at, at + FRAME_HEADER)
      page.copy(summed, to + FRAME_HEADER)
      this.pages.set(bytes.readUInt32BE(at), page)
      this.#pageCount = bytes.readUInt32BE(at + 4)
    }
    this.#sum.update(summed)
    this.#end += bytes.length
  }
}

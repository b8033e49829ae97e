/** Bytes of a log's header, and of the header before each page in it. */
export const HEADER = 32
export const FRAME_HEADER = 24
const MAGIC = 0x377f0682

/** The committed part of a write-ahead log, read as SQLite recovers it (sqlite.org/fileformat2.html#the_write_ahead_log). */
export interface WalContent {
  readonly salts: Uint8Array
  /** Bytes up to the end of the last commit; what follows is ignored by SQLite. */
  readonly end: number
  /** Pages of the database after the last commit. */
  readonly pageCount: number
  /** Newest committed ciphertext of each page, by page number. */
  readonly pages: ReadonlyMap<number, Uint8Array>
}

/** Reads a log. Undefined if it holds no commit. Pages are views of `bytes`. */
export function parseWal(bytes: Buffer, pageSize: number): WalContent | undefined {
  if (bytes.length < HEADER) return undefined
  const magic = bytes.readUInt32BE(0)
  if ((magic & ~1) >>> 0 !== MAGIC || bytes.readUInt32BE(4) !== 3007000 || bytes.readUInt32BE(8) !== pageSize) return undefined
  const sum = new Checksum((magic & 1) === 1)
  sum.add(bytes, 0, 24)
  if (!sum.equals(bytes, 24)) return undefined
  const pages = new Map<number, Uint8Array>()
  const open = new Map<number, Uint8Array>()
  let content: WalContent | undefined
  const size = FRAME_HEADER + pageSize
  for (let at = HEADER; at + size <= bytes.length; at += size) {
    const page = bytes.readUInt32BE(at)
    if (page === 0 || bytes.compare(bytes, 16, 24, at + 8, at + 16) !== 0) break
    sum.add(bytes, at, at + 8)
    sum.add(bytes, at + FRAME_HEADER, at + size)
    if (!sum.equals(bytes, at + 16)) break
    open.set(page, bytes.subarray(at + FRAME_HEADER, at + size))
    const pageCount = bytes.readUInt32BE(at + 4)
    if (pageCount === 0) continue
    for (const [number, data] of open) pages.set(number, data)
    open.clear()
    content = { salts: Buffer.from(bytes.subarray(16, 24)), end: at + size, pageCount, pages }
  }
  return content
}

class Checksum {
  readonly #bigEndian: boolean
  #first = 0
  #second = 0

  constructor(bigEndian: boolean) {
    this.#bigEndian = bigEndian
  }

  add(bytes: Buffer, from: number, to: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const little = !this.#bigEndian
    let first = this.#first
    let second = this.#second
    for (let at = from; at < to; at += 8) {
      first = (first + view.getUint32(at, little) + second) >>> 0
      second = (second + view.getUint32(at + 4, little) + first) >>> 0
    }
    this.#first = first
    this.#second = second
  }

  equals(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.#first && bytes.readUInt32BE(at + 4) === this.#second
  }
}

import { open } from 'node:fs/promises'
import type { PackEntry } from './blob-pack.ts'
import { systemCode, toStorageError } from './errors.ts'

/** What is read in one piece, and how much may lie unwanted between two blobs of it. */
const READ_BYTES = 1024 * 1024
const GAP_BYTES = 16 * 1024

/** Bytes that somebody wants of a pack; undefined is told when the file has less. */
export interface Want {
  readonly entry: PackEntry
  resolve(bytes: Uint8Array | undefined): void
  reject(error: unknown): void
}

/** Reads what is wanted of one file in as few pieces as possible, and settles every want. */
export async function readTogether(path: string, wanted: readonly Want[]): Promise<void> {
  const waiting = new Set(wanted)
  const settle = (want: Want, bytes: Uint8Array | undefined): void => {
    waiting.delete(want)
    want.resolve(bytes)
  }
  try {
    const file = await open(path, 'r')
    try {
      for (const { from, to, wants } of intoPieces(wanted)) {
        const bytes = new Uint8Array(to - from)
        const { bytesRead } = await file.read(bytes, 0, bytes.length, from)
        for (const want of wants) {
          const start = want.entry.offset - from
          const end = start + want.entry.length
          settle(want, end <= bytesRead ? bytes.slice(start, end) : undefined)
        }
      }
    } finally {
      await file.close()
    }
  } catch (cause) {
    const error = systemCode(cause) === 'ENOENT' ? undefined : toStorageError(cause, path, 'reading a blob from')
    for (const want of waiting) {
      if (error === undefined) want.resolve(undefined)
      else want.reject(error)
    }
  }
}

interface Piece {
  readonly from: number
  to: number
  readonly wants: Want[]
}

/** Neighbours in a file go together. */
function intoPieces(wanted: readonly Want[]): Piece[] {
  const pieces: Piece[] = []
  for (const want of wanted.toSorted((a, b) => a.entry.offset - b.entry.offset)) {
    const { offset, length } = want.entry
    const last = pieces.at(-1)
    if (last !== undefined && offset <= last.to + GAP_BYTES && offset + length - last.from <= READ_BYTES) {
      last.to = Math.max(last.to, offset + length)
      last.wants.push(want)
    } else pieces.push({ from: offset, to: offset + length, wants: [want] })
  }
  return pieces
}

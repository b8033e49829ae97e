import { hash } from 'node:crypto'
import { concatBytes, equalBytes, utf8 } from '@chiron/protocol'
import type { Blob } from '@chiron/vault'

/**
 * A pack holds the blobs of one batch; integers are big-endian. Index: `CHIRPCK1` (8) ‖ nonce (16) ‖ count (u32) ‖ per blob
 * SHA-256 (32), length (u32) and time of putting in Unix milliseconds (u64). Then one state byte per blob, then the blobs'
 * bytes. The file is named by the first 16 bytes of the index's SHA-256, so that a changed index is noticed.
 */
export interface PackEntry {
  readonly hash: Uint8Array
  readonly length: number
  readonly putAtMs: number
  /** Where in the file its bytes begin. */
  readonly offset: number
  /** Where in the file its state byte lies. */
  readonly stateOffset: number
}

const MAGIC = utf8('CHIRPCK1')
const FIXED_BYTES = 28
const ENTRY_BYTES = 44

/** State bytes differ in all bits; a byte with some of them flipped counts as the nearer one. */
export const LIVE = 0x00
export const DELETED = 0xff

export function isDeleted(state: number): boolean {
  let ones = 0
  for (let bits = state; bits > 0; bits >>= 1) ones += bits & 1
  return ones > 4
}

export interface TimedBlob extends Blob {
  readonly putAtMs: number
}

/** Name and bytes of a pack; `nonce` (16 bytes, random) keeps two packs of the same blobs apart. */
export function formatPack(blobs: readonly TimedBlob[], nonce: Uint8Array): { name: string; bytes: Uint8Array; entries: PackEntry[] } {
  const index = new Uint8Array(FIXED_BYTES + ENTRY_BYTES * blobs.length)
  const view = new DataView(index.buffer)
  index.set(MAGIC)
  index.set(nonce, 8)
  view.setUint32(24, blobs.length)
  blobs.forEach((blob, i) => {
    const at = FIXED_BYTES + ENTRY_BYTES * i
    index.set(blob.hash, at)
    view.setUint32(at + 32, blob.bytes.length)
    view.setBigUint64(at + 36, BigInt(blob.putAtMs))
  })
  const states = new Uint8Array(blobs.length).fill(LIVE)
  return { name: packName(index), bytes: concatBytes(index, states, ...blobs.map(({ bytes }) => bytes)), entries: parseEntries(index) }
}

/** How many bytes index and states have, as far as the first bytes of a file tell. */
export function headLength(first: Uint8Array): number {
  return indexLength(first) + countOf(first)
}

/**
 * The entries, and whether the index is the one that the file is named by; what a changed index says must be checked
 * against the blobs. Undefined if there is no index.
 */
export function parsePack(name: string, bytes: Uint8Array): { entries: PackEntry[]; sound: boolean } | undefined {
  if (bytes.length < FIXED_BYTES || !equalBytes(bytes.subarray(0, 8), MAGIC)) return undefined
  const index = bytes.subarray(0, indexLength(bytes))
  if (index.length < indexLength(bytes)) return undefined
  return { entries: parseEntries(index), sound: packName(index) === name }
}

function indexLength(bytes: Uint8Array): number {
  return FIXED_BYTES + ENTRY_BYTES * countOf(bytes)
}

function countOf(bytes: Uint8Array): number {
  return bytes.length < FIXED_BYTES ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(24)
}

function parseEntries(index: Uint8Array): PackEntry[] {
  const view = new DataView(index.buffer, index.byteOffset)
  const count = view.getUint32(24)
  const entries: PackEntry[] = []
  let offset = index.length + count
  for (let i = 0; i < count; i++) {
    const at = FIXED_BYTES + ENTRY_BYTES * i
    const length = view.getUint32(at + 32)
    entries.push({ hash: index.slice(at, at + 32), length, putAtMs: Number(view.getBigUint64(at + 36)), offset, stateOffset: index.length + i })
    offset += length
  }
  return entries
}

function packName(index: Uint8Array): string {
  return hash('sha256', index, 'hex').slice(0, 32)
}

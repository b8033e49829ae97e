import { hash } from 'node:crypto'
import { equalBytes } from '@chiron/protocol'

/**
 * On disk, all integers big-endian. A segment: `CHIRBLK1` (8) ‖ genesis hash (32) ‖ height of its first frame (u64), then
 * frames. A frame: length of the payload (u32) ‖ SHA-256(height as u64 ‖ payload) (32) ‖ payload.
 */
export const SEGMENT_HEADER_BYTES = 48
export const FRAME_HEADER_BYTES = 36
/** Longest payload: a length beyond it is damage. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024

const MAGIC = new TextEncoder().encode('CHIRBLK1')

export function segmentName(firstHeight: number): string {
  return `${String(firstHeight).padStart(16, '0')}.blocks`
}

/** Height that a segment's name gives, undefined for other files. */
export function parseSegmentName(name: string): number | undefined {
  const found = /^(\d{16})\.blocks$/.exec(name)
  return found ? Number(found[1]) : undefined
}

export function formatSegmentHeader(genesisHash: Uint8Array, firstHeight: number): Uint8Array {
  const header = new Uint8Array(SEGMENT_HEADER_BYTES)
  header.set(MAGIC)
  header.set(genesisHash, 8)
  new DataView(header.buffer).setBigUint64(40, BigInt(firstHeight))
  return header
}

/** `foreign`: a sound header of another genesis. */
export function checkSegmentHeader(header: Uint8Array, genesisHash: Uint8Array, firstHeight: number): 'sound' | 'damaged' | 'foreign' {
  const expected = formatSegmentHeader(genesisHash, firstHeight)
  if (equalBytes(header, expected)) return 'sound'
  const sameAround = equalBytes(header.subarray(0, 8), MAGIC) && equalBytes(header.subarray(40), expected.subarray(40))
  return sameAround && header.length === SEGMENT_HEADER_BYTES ? 'foreign' : 'damaged'
}

export function formatFrame(height: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length)
  new DataView(frame.buffer).setUint32(0, payload.length)
  frame.set(frameDigest(height, payload), 4)
  frame.set(payload, FRAME_HEADER_BYTES)
  return frame
}

/**
 * The frame of `height` that begins at `offset`: its payload (a view), or how it is not whole. `incomplete`: the bytes end
 * before the frame does. `damaged`: it is all there, and not what was written.
 */
export function parseFrame(bytes: Uint8Array, offset: number, height: number): Uint8Array | 'incomplete' | 'damaged' {
  if (bytes.length - offset < FRAME_HEADER_BYTES) return 'incomplete'
  const length = new DataView(bytes.buffer, bytes.byteOffset + offset).getUint32(0)
  if (length === 0 || length > MAX_FRAME_BYTES) return 'damaged'
  const start = offset + FRAME_HEADER_BYTES
  if (bytes.length < start + length) return 'incomplete'
  const payload = bytes.subarray(start, start + length)
  return equalBytes(frameDigest(height, payload), bytes.subarray(offset + 4, start)) ? payload : 'damaged'
}

function frameDigest(height: number, payload: Uint8Array): Uint8Array {
  const bound = new Uint8Array(8 + payload.length)
  new DataView(bound.buffer).setBigUint64(0, BigInt(height))
  bound.set(payload, 8)
  return hash('sha256', bound, 'buffer')
}

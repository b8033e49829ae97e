import { createHash } from 'node:crypto'
import { equalBytes } from '@chiron/protocol'

/**
 * On disk, all integers big-endian. A segment: `CHIRBLK1` (8) ‖ genesis hash (32) ‖ height of its first frame (u64), then
 * frames. A frame: `CHIRFRM1` (8) ‖ height (u64) ‖ length of the payload (u32) ‖ SHA-256(height as u64 ‖ payload) (32) ‖
 * payload.
 */
export const SEGMENT_HEADER_BYTES = 48
export const FRAME_HEADER_BYTES = 52
/** Longest payload: a length beyond it is damage. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024

const MAGIC = new TextEncoder().encode('CHIRBLK1')
const FRAME_MAGIC = new TextEncoder().encode('CHIRFRM1')

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
  frame.set(FRAME_MAGIC)
  const view = new DataView(frame.buffer)
  view.setBigUint64(8, BigInt(height))
  view.setUint32(16, payload.length)
  frame.set(frameDigest(frame.subarray(8, 16), payload), 20)
  frame.set(payload, FRAME_HEADER_BYTES)
  return frame
}

/**
 * The frame of `height` that begins at `offset`: its payload (a view), or how it is not whole. `incomplete`: the bytes end
 * before the frame does. `damaged`: they are not what was written.
 */
export function parseFrame(bytes: Uint8Array, offset: number, height: number): Uint8Array | 'incomplete' | 'damaged' {
  if (bytes.length - offset < FRAME_HEADER_BYTES) return 'incomplete'
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset)
  const length = view.getUint32(16)
  const magic = equalBytes(bytes.subarray(offset, offset + 8), FRAME_MAGIC)
  if (!magic || view.getBigUint64(8) !== BigInt(height) || length > MAX_FRAME_BYTES) return 'damaged'
  const start = offset + FRAME_HEADER_BYTES
  if (bytes.length < start + length) return 'incomplete'
  const payload = bytes.subarray(start, start + length)
  const digest = frameDigest(bytes.subarray(offset + 8, offset + 16), payload)
  return equalBytes(digest, bytes.subarray(offset + 20, start)) ? payload : 'damaged'
}

/** Whether a whole frame of a height above `height` begins anywhere after `offset`: then what lies there is no torn end. */
export function wholeFrameFollows(bytes: Uint8Array, offset: number, height: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = buffer.indexOf(FRAME_MAGIC, offset + 1); at !== -1; at = buffer.indexOf(FRAME_MAGIC, at + 1)) {
    if (bytes.length - at < FRAME_HEADER_BYTES) return false
    const found = buffer.readBigUInt64BE(at + 8)
    if (found > BigInt(height) && found < BigInt(Number.MAX_SAFE_INTEGER) && typeof parseFrame(bytes, at, Number(found)) !== 'string') return true
  }
  return false
}

function frameDigest(height: Uint8Array, payload: Uint8Array): Uint8Array {
  return createHash('sha256').update(height).update(payload).digest()
}

import { Inflate, deflateSync } from 'fflate'
import { VaultError } from '../errors.ts'

const LENGTHS_BYTES = 8
const SMALLEST_FRAME = 256
/** Input is inflated in pieces, so that a small stream cannot fill memory before its output is counted. */
const PIECE_BYTES = 4096
const LEVEL = 6

/**
 * Plain length (u32) ‖ compressed length (u32) ‖ raw DEFLATE stream (RFC 1951) ‖ zeros up to {@link paddedLength}: the
 * length of a ciphertext tells little about what it holds. SPEC-ENV-3.
 * @throws VaultError `ERR_VAULT_TOO_LARGE` from 2^31 bytes
 */
export function packFrame(plain: Uint8Array): Uint8Array {
  const stream = deflate(plain)
  const needed = LENGTHS_BYTES + stream.length
  if (plain.length > 0x7fffffff || needed > 0x3fffffff) throw new VaultError('ERR_VAULT_TOO_LARGE', 'too large for an envelope')
  const frame = new Uint8Array(paddedLength(needed))
  const view = new DataView(frame.buffer)
  view.setUint32(0, plain.length)
  view.setUint32(4, stream.length)
  frame.set(stream, LENGTHS_BYTES)
  return frame
}

/**
 * Undoes {@link packFrame}: lengths and padding must be exactly as written. Never
 * produces more than `maxBytes` and one piece.
 * @throws VaultError `ERR_VAULT_ENVELOPE_INVALID`, `ERR_VAULT_TOO_LARGE`
 */
export function unpackFrame(frame: Uint8Array, maxBytes: number): Uint8Array {
  if (frame.length < SMALLEST_FRAME) throw invalid()
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const plainLength = view.getUint32(0)
  const streamEnd = LENGTHS_BYTES + view.getUint32(4)
  if (plainLength > maxBytes) throw new VaultError('ERR_VAULT_TOO_LARGE', 'the plaintext is larger than allowed', { context: { maxBytes } })
  if (streamEnd > frame.length || paddedLength(streamEnd) !== frame.length) throw invalid()
  for (let i = streamEnd; i < frame.length; i++) if (frame[i] !== 0) throw invalid()
  return inflate(frame.subarray(LENGTHS_BYTES, streamEnd), plainLength)
}

/** Padmé (Nikitin et al., PoPETS 2019): at most 12 % more, and only O(log log n) bits of the length remain visible. */
export function paddedLength(length: number): number {
  if (length <= SMALLEST_FRAME) return SMALLEST_FRAME
  const exponent = 31 - Math.clz32(length)
  const kept = 32 - Math.clz32(exponent)
  const mask = 2 ** (exponent - kept) - 1
  return Math.ceil(length / (mask + 1)) * (mask + 1)
}

/** A platform's own DEFLATE: a raw stream (RFC 1951) that gives `plain` again. Which of many is the writer's choice. */
export type FasterDeflate = (plain: Uint8Array) => Uint8Array

let deflate: FasterDeflate = (plain) => deflateSync(plain, { level: LEVEL })

/** As {@link useInflate}, for making frames. @throws VaultError `ERR_VAULT_PARAMETERS` */
export function useDeflate(given: FasterDeflate): void {
  for (const length of [0, 1, 300, 100_000]) {
    const plain = new Uint8Array(length).map((_, at) => (at * 7 + (at >> 5)) & 0xff)
    if (inflatePortably(given(plain), length).some((byte, at) => byte !== plain[at])) throw new VaultError('ERR_VAULT_PARAMETERS', 'the compression of this platform is not DEFLATE')
  }
  deflate = given
}

/** A platform's own DEFLATE: all of a raw stream (RFC 1951), or `undefined` for what is none or gives more than `length` bytes. */
export type FasterInflate = (stream: Uint8Array, length: number) => Uint8Array | undefined

let faster: FasterInflate | undefined

/**
 * Lets a platform's own DEFLATE open frames from now on, in this process, after a comparison with the portable one.
 * @throws VaultError `ERR_VAULT_PARAMETERS` when it does not agree; then nothing is changed
 */
export function useInflate(given: FasterInflate): void {
  for (const length of [0, 1, 300, 100_000]) {
    const plain = new Uint8Array(length).map((_, at) => (at * 7 + (at >> 5)) & 0xff)
    const stream = deflateSync(plain, { level: LEVEL })
    const opened = given(stream, length)
    const isSame = opened?.length === length && opened.every((byte, at) => byte === plain[at])
    if (!isSame || given(stream.subarray(0, -1), length) !== undefined || (length > 0 && given(stream, length - 1) !== undefined)) {
      throw new VaultError('ERR_VAULT_PARAMETERS', 'the compression of this platform is not DEFLATE')
    }
  }
  faster = given
}

function inflate(stream: Uint8Array, length: number): Uint8Array {
  if (faster === undefined) return inflatePortably(stream, length)
  const plain = faster(stream, length)
  if (plain?.length !== length) throw invalid()
  return plain
}

function inflatePortably(stream: Uint8Array, length: number): Uint8Array {
  const plain = new Uint8Array(length)
  let at = 0
  let ended = false
  const inflator = new Inflate((chunk, final) => {
    if (at + chunk.length > length) throw invalid()
    plain.set(chunk, at)
    at += chunk.length
    ended = final
  })
  try {
    for (let from = 0; from < stream.length; from += PIECE_BYTES) {
      const piece = stream.subarray(from, from + PIECE_BYTES)
      inflator.push(piece, from + PIECE_BYTES >= stream.length)
    }
  } catch (cause) {
    throw cause instanceof VaultError ? cause : invalid(cause)
  }
  if (!ended || at !== length) throw invalid()
  return plain
}

function invalid(cause?: unknown): VaultError {
  return new VaultError('ERR_VAULT_ENVELOPE_INVALID', 'the frame inside the envelope is not as it should be', { cause })
}

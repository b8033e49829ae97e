export { sha256, useSha256, type Sha256 } from './sha256.ts'

const HMAC_BLOCK_BYTES = 64

/** HMAC-SHA-256 (RFC 2104), 32 bytes. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  const inner = new Uint8Array(HMAC_BLOCK_BYTES + data.length)
  const outer = new Uint8Array(HMAC_BLOCK_BYTES + 32)
  const short = key.length > HMAC_BLOCK_BYTES ? sha256(key) : key
  inner.set(short)
  outer.set(short)
  for (let i = 0; i < HMAC_BLOCK_BYTES; i++) {
    inner[i] = (inner[i] as number) ^ 0x36
    outer[i] = (outer[i] as number) ^ 0x5c
  }
  inner.set(data, HMAC_BLOCK_BYTES)
  outer.set(sha256(inner), HMAC_BLOCK_BYTES)
  return sha256(outer)
}

/** UTF-8 bytes of a string of ASCII or well-formed text. */
export { utf8ToBytes as utf8, bytesToHex as toHex } from '@noble/hashes/utils.js'
import { hexToBytes } from '@noble/hashes/utils.js'
import { ProtocolError } from './errors.ts'
import { sha256 } from './sha256.ts'

/** The byte strings one after the other, in an array of their own. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (let i = 0; i < parts.length; i++) length += (parts[i] as Uint8Array).length
  const joined = new Uint8Array(length)
  let at = 0
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as Uint8Array
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** @throws ProtocolError `ERR_PROTOCOL_ENCODING` for anything but an even number of hexadecimal digits. */
export function fromHex(text: string): Uint8Array {
  try {
    return hexToBytes(text)
  } catch (cause) {
    throw new ProtocolError('ERR_PROTOCOL_ENCODING', 'not hexadecimal', { cause })
  }
}

/** Whether two byte strings are equal. Not constant-time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lexicographic order of byte strings. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

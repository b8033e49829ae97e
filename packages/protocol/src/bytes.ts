import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { hmac } from '@noble/hashes/hmac.js'

export { sha256, useSha256, type Sha256 } from './sha256.ts'

/** HMAC-SHA-256 (RFC 2104), 32 bytes. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return hmac(nobleSha256, key, data)
}

/** UTF-8 bytes of a string of ASCII or well-formed text. */
export { utf8ToBytes as utf8, bytesToHex as toHex } from '@noble/hashes/utils.js'
import { hexToBytes } from '@noble/hashes/utils.js'
import { ProtocolError } from './errors.ts'

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

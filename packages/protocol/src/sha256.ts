import { sha256 as portableSha256 } from '@noble/hashes/sha2.js'
import { ProtocolError } from './errors.ts'

/** SHA-256 of bytes: 32 bytes of the caller's own. */
export type Sha256 = (data: Uint8Array) => Uint8Array

/** Longest input on which a platform's hash is compared: four blocks, each way of padding. */
const COMPARED_BYTES = 257

let current: Sha256 = (data) => portableSha256(data)

/** SHA-256 (FIPS 180-4), 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return current(data)
}

/**
 * Lets a platform's own SHA-256 do the work from now on, in this process. It changes how long hashing takes and nothing
 * else: the function is compared with the portable one on inputs of every length up to {@link COMPARED_BYTES} first.
 * @throws ProtocolError `ERR_PROTOCOL_HASH` if it gives another hash; then nothing is changed
 */
export function useSha256(faster: Sha256): void {
  const data = new Uint8Array(COMPARED_BYTES)
  for (let length = 0; length <= COMPARED_BYTES; length++) {
    if (length > 0) data[length - 1] = (length * 151 + 7) & 0xff
    const input = data.subarray(0, length)
    const expected = portableSha256(input)
    const given = faster(input)
    if (given.length !== 32 || expected.some((byte, i) => given[i] !== byte)) {
      throw new ProtocolError('ERR_PROTOCOL_HASH', 'the hash function of this platform is not SHA-256')
    }
  }
  current = faster
}

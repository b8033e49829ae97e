import { createPublicKey, verify, type KeyObject } from 'node:crypto'

/** A signature to be checked: key (32 bytes, acceptable), message, signature (64 bytes, S below the order). */
export interface SignatureCheck {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** DER of an Ed25519 SubjectPublicKeyInfo before the key's 32 bytes. RFC 8410 §4. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const HEAD_BYTES = 32 + 64 + 4

export function keyObjectOf(publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' })
}

/** Checks as they go to a thread: each key ‖ signature ‖ length of the message (u32) ‖ message. */
export function packChecks(checks: readonly SignatureCheck[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const { message } of checks) length += HEAD_BYTES + message.length
  const packed = new Uint8Array(length)
  const view = new DataView(packed.buffer)
  let at = 0
  for (const { publicKey, message, signature } of checks) {
    packed.set(publicKey, at)
    packed.set(signature, at + 32)
    view.setUint32(at + 96, message.length)
    packed.set(message, at + HEAD_BYTES)
    at += HEAD_BYTES + message.length
  }
  return packed
}

/** One byte for each check of {@link packChecks}: 1 where OpenSSL accepts the signature. */
export function verifyPacked(packed: Uint8Array, keyOf: (publicKey: Uint8Array) => KeyObject): Uint8Array<ArrayBuffer> {
  const valid: number[] = []
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length)
  for (let at = 0; at < packed.length; ) {
    const end = at + HEAD_BYTES + view.getUint32(at + 96)
    const key = keyOf(packed.subarray(at, at + 32))
    valid.push(verify(null, packed.subarray(at + HEAD_BYTES, end), key, packed.subarray(at + 32, at + 96)) ? 1 : 0)
    at = end
  }
  return Uint8Array.from(valid)
}

/**
 * Every formula of `@chiron/protocol` a second time, from the text of `spec/` alone and on other parts (`node:crypto`,
 * `@ipld/dag-cbor`), so that vectors are not what the package says about itself.
 */
import { createHash, createHmac, createPrivateKey, sign } from 'node:crypto'

const ascii = (text: string): Buffer => Buffer.from(text, 'ascii')

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return new Uint8Array(mac.digest())
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** `length` bytes that differ from those of another `label`. */
export function sampleBytes(label: string, length: number): Uint8Array {
  return new Uint8Array(createHash('shake256', { outputLength: length }).update(label).digest())
}

export function base32(bytes: Uint8Array): string {
  let bits = ''
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups.map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(group.padEnd(5, '0'), 2)]).join('')
}

export function u32(n: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(n)
  return bytes
}

export function u64(n: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(n))
  return bytes
}

export function didOf(kind: string, signingKey: Uint8Array, salt: Uint8Array): string {
  return `did:chiron:${base32(sha256(ascii(`chiron/did/v1/${kind}\0`), signingKey, salt).subarray(0, 20))}`
}

export function objectIdOf(txId: Uint8Array, index: number, item: number): Uint8Array {
  return sha256(ascii('chiron/object/v1'), txId, u32(index), u32(item)).subarray(0, 16)
}

/** RFC 9162 §2.1.1, as the text recurses. */
export function treeRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves
  if (first === undefined) return sha256()
  if (leaves.length === 1) return sha256(Buffer.of(0), first)
  const split = splitOf(leaves.length)
  return sha256(Buffer.of(1), treeRoot(leaves.slice(0, split)), treeRoot(leaves.slice(split)))
}

/** RFC 9162 §2.1.3.1. */
export function treePath(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length === 1) return []
  const split = splitOf(leaves.length)
  if (index < split) return [...treePath(leaves.slice(0, split), index), treeRoot(leaves.slice(split))]
  return [...treePath(leaves.slice(split), index - split), treeRoot(leaves.slice(0, split))]
}

/** RFC 9162 §2.1.4.1. */
export function treeConsistency(leaves: readonly Uint8Array[], first: number, whole = true): Uint8Array[] {
  if (first === leaves.length) return whole ? [] : [treeRoot(leaves)]
  const split = splitOf(leaves.length)
  if (first <= split) return [...treeConsistency(leaves.slice(0, split), first, whole), treeRoot(leaves.slice(split))]
  return [...treeConsistency(leaves.slice(split), first - split, false), treeRoot(leaves.slice(0, split))]
}

function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** Ed25519 (RFC 8032) with a 32-byte seed. */
export function signWith(seed: Uint8Array, message: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })
  return new Uint8Array(sign(null, message, key))
}

export function publicKeyOf(seed: Uint8Array): Uint8Array {
  const jwk = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
  return new Uint8Array(Buffer.from(String(jwk.x), 'base64url'))
}

/**
 * Writes spec/vectors/ed25519-keys.json (SPEC-SIG-1) and spec/vectors/ed25519-signatures.json (SPEC-SIG-2): which public
 * keys and signatures Chiron accepts, at the edges where implementations disagree.
 *   node tools/vectors/ed25519.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'

export interface KeyVector {
  readonly name: string
  readonly publicKey: string
  readonly acceptable: boolean
}

export interface SignatureVector {
  readonly name: string
  readonly publicKey: string
  readonly message: string
  readonly signature: string
  readonly valid: boolean
}

const { Point } = ed25519
type Point = InstanceType<typeof Point>
const ORDER = Point.CURVE().n
const PRIME = Point.CURVE().p
const G = Point.BASE
/** A point of order 8. */
const T8 = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
const TORSION = Array.from({ length: 8 }, (_, i) => (i === 0 ? Point.ZERO : T8.multiplyUnsafe(BigInt(i))))

const message = utf8ToBytes('chiron ed25519 vector')
const secret = bytesToNumberLE(sha512(utf8ToBytes('chiron vectors: secret')).slice(0, 32)) % ORDER
const nonce = bytesToNumberLE(sha512(utf8ToBytes('chiron vectors: nonce')).slice(0, 32)) % ORDER
const A = G.multiply(secret)
const R = G.multiply(nonce)

const scalar = (n: bigint): Uint8Array => numberToBytesLE(n, 32)
const mod = (n: bigint): bigint => ((n % ORDER) + ORDER) % ORDER
/** Encodes y as it is given, also at or above p; `odd` is the sign of x. */
function encode(y: bigint, odd: boolean): Uint8Array {
  const bytes = numberToBytesLE(y, 32)
  if (odd) bytes[31] = (bytes[31] as number) | 0x80
  return bytes
}
const challenge = (r: Uint8Array, a: Uint8Array, text: Uint8Array): bigint => mod(bytesToNumberLE(sha512(concatBytes(r, a, text))))

/** S such that S·B = nonce·B + k·secret·B, for the encodings that are hashed. */
function respond(r: Uint8Array, a: Uint8Array, text: Uint8Array = message, nonceOf = nonce, secretOf = secret): Uint8Array {
  return scalar(mod(nonceOf + challenge(r, a, text) * secretOf))
}

function vectorOf(name: string, a: Uint8Array, r: Uint8Array, s: Uint8Array, valid: boolean, text: Uint8Array = message): SignatureVector {
  return { name, publicKey: bytesToHex(a), message: bytesToHex(text), signature: bytesToHex(concatBytes(r, s)), valid }
}

/** A message for which the challenge is 0 modulo 8, so that torsion in A drops out of the cofactorless equation. */
function messageWithChallenge(r: Uint8Array, a: Uint8Array, divisibleBy8: boolean): Uint8Array {
  for (let i = 0; ; i++) {
    const text = concatBytes(message, utf8ToBytes(` ${i}`))
    if ((challenge(r, a, text) % 8n === 0n) === divisibleBy8) return text
  }
}

function nonCanonicalEncodings(): [name: string, bytes: Uint8Array][] {
  const found: [string, Uint8Array][] = []
  for (let y = PRIME; y < 2n ** 255n; y++) {
    for (const odd of [false, true]) found.push([`y = p + ${y - PRIME}${odd ? ', sign set' : ''}`, encode(y, odd)])
  }
  return found
}

export function keyVectors(): KeyVector[] {
  const vector = (name: string, bytes: Uint8Array, acceptable: boolean): KeyVector => ({ name, publicKey: bytesToHex(bytes), acceptable })
  return [
    vector('prime order', A.toBytes(), true),
    vector('the base point', G.toBytes(), true),
    ...TORSION.map((point, i) => vector(`small order: ${i} times a point of order 8`, point.toBytes(), false)),
    ...TORSION.slice(1).map((point, i) => vector(`mixed order: with ${i + 1} times a point of order 8`, A.add(point).toBytes(), false)),
    vector('identity with the sign of x set', encode(1n, true), false),
    vector('y = -1 with the sign of x set', encode(PRIME - 1n, true), false),
    ...nonCanonicalEncodings().map(([name, bytes]) => vector(`not canonical: ${name}`, bytes, false)),
    vector('not on the curve', encode(2n, false), false),
    vector('all zeros', new Uint8Array(32), false),
    vector('all ones', new Uint8Array(32).fill(0xff), false),
    vector('31 bytes', A.toBytes().slice(0, 31), false),
    vector('33 bytes', concatBytes(A.toBytes(), Uint8Array.of(0)), false),
  ]
}

export function signatureVectors(): SignatureVector[] {
  const a = A.toBytes()
  const r = R.toBytes()
  const s = respond(r, a)
  const sNumber = bytesToNumberLE(s)
  const identity = Point.ZERO.toBytes()
  const vectors = [
    vectorOf('valid', a, r, s, true),
    vectorOf('valid, empty message', a, r, respond(r, a, new Uint8Array()), true, new Uint8Array()),
    vectorOf('valid, long message', a, r, respond(r, a, new Uint8Array(5000).fill(7)), true, new Uint8Array(5000).fill(7)),
    vectorOf('another message', a, r, s, false, utf8ToBytes('another message')),
    vectorOf('another key', G.multiply(mod(secret + 1n)).toBytes(), r, s, false),
    vectorOf('S = L + s', a, r, scalar(sNumber + ORDER), false),
    ...[2n, 4n, 8n, 14n].filter((n) => sNumber + n * ORDER < 2n ** 256n).map((n) => vectorOf(`S = ${n}L + s`, a, r, scalar(sNumber + n * ORDER), false)),
    vectorOf('S = 0', a, r, scalar(0n), false),
    vectorOf('S = L', a, r, scalar(ORDER), false),
    vectorOf('S = L - 1', a, r, scalar(ORDER - 1n), false),
    vectorOf('S = 2^256 - 1', a, r, new Uint8Array(32).fill(0xff), false),
    vectorOf('R = identity, S = k·a', a, identity, respond(identity, a, message, 0n), false),
    vectorOf('R = identity with the sign of x set', a, encode(1n, true), respond(encode(1n, true), a, message, 0n), false),
    vectorOf('R = identity, not canonical (y = p + 1)', a, encode(PRIME + 1n, false), respond(encode(PRIME + 1n, false), a, message, 0n), false),
    vectorOf('zero key, zero signature', new Uint8Array(32), new Uint8Array(32), scalar(0n), false),
    vectorOf('A = identity, R = S·B: valid for any message', identity, r, scalar(nonce), false),
    vectorOf('A = R = identity, S = 0', identity, identity, scalar(0n), false),
  ]
  for (const [i, torsion] of TORSION.entries()) {
    if (i === 0) continue
    const small = torsion.toBytes()
    const mixedA = A.add(torsion).toBytes()
    const mixedR = R.add(torsion).toBytes()
    vectors.push(vectorOf(`torsion in R (${i}/8): valid with the cofactor`, a, mixedR, respond(mixedR, a), false))
    vectors.push(vectorOf(`R of small order (${i}/8)`, a, small, respond(small, a, message, 0n), false))
    for (const divisible of [true, false]) {
      const text = messageWithChallenge(r, mixedA, divisible)
      vectors.push(vectorOf(`torsion in A (${i}/8), challenge ${divisible ? '' : 'not '}divisible by 8`, mixedA, r, respond(r, mixedA, text), false, text))
    }
    vectors.push(vectorOf(`A of small order (${i}/8)`, small, r, scalar(nonce), false))
    vectors.push(vectorOf(`torsion in A and R (${i}/8)`, mixedA, mixedR, respond(mixedR, mixedA), false))
  }
  for (const [name, bytes] of nonCanonicalEncodings()) {
    vectors.push(vectorOf(`R not canonical: ${name}`, a, bytes, respond(bytes, a, message, 0n), false))
    vectors.push(vectorOf(`A not canonical: ${name}`, bytes, r, scalar(nonce), false))
  }
  vectors.push({ ...vectorOf('signature of 63 bytes', a, r, s, false), signature: bytesToHex(concatBytes(r, s).slice(0, 63)) })
  vectors.push({ ...vectorOf('signature of 65 bytes', a, r, s, false), signature: bytesToHex(concatBytes(r, s, Uint8Array.of(0))) })
  const rfc = rfc8032()
  vectors.push(vectorOf('RFC 8032 §7.1 test 2', rfc.publicKey, rfc.signature.slice(0, 32), rfc.signature.slice(32), true, rfc.message))
  return vectors
}

function rfc8032(): { publicKey: Uint8Array; message: Uint8Array; signature: Uint8Array } {
  return {
    publicKey: hexToBytes('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'),
    message: hexToBytes('72'),
    signature: hexToBytes('92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'),
  }
}

export function files(): [path: string, text: string][] {
  const directory = join(import.meta.dirname, '../../spec/vectors')
  const format = (requirement: string, about: string, vectors: unknown): string => `${JSON.stringify({ requirement, about, generator: 'tools/vectors/ed25519.ts', vectors }, null, 2)}\n`
  return [
    [join(directory, 'ed25519-keys.json'), format('SPEC-SIG-1', 'Public keys (hexadecimal) that may be registered: canonical, on the curve, of prime order.', keyVectors())],
    [join(directory, 'ed25519-signatures.json'), format('SPEC-SIG-2', 'Signatures and whether every verifier must accept them. All byte strings are hexadecimal.', signatureVectors())],
  ]
}

if (import.meta.main) {
  for (const [path, text] of files()) {
    if (!process.argv.includes('--check')) writeFileSync(path, text)
    else if (readFileSync(path, 'utf8') !== text) {
      process.stderr.write(`${path} is not what tools/vectors/ed25519.ts writes\n`)
      process.exitCode = 1
    }
  }
}

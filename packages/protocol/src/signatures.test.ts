import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex } from './bytes.ts'
import { ed25519PublicKey, isAcceptablePublicKey, signEd25519, verifyEd25519, x25519PublicKey } from './signatures.ts'

const { Point } = ed25519
const order = Point.Fn.ORDER
const secret = 1_234_567_890_123_456_789n
const publicKey = Point.BASE.multiply(secret).toBytes()
const message = Uint8Array.of(1, 2, 3)
/** A point of order 8 (RFC 9380 and others list it). */
const torsion = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')

function littleEndian(n: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((n >> BigInt(8 * i)) & 255n))
}

function toInteger(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

function signWithNonce(R: Uint8Array, nonce: bigint, key = publicKey): Uint8Array {
  const k = toInteger(sha512(concatBytes(R, key, message))) % order
  return concatBytes(R, littleEndian((nonce + k * secret) % order))
}

function opensslAccepts(key: Uint8Array, text: Uint8Array, signature: Uint8Array): boolean {
  try {
    const der = Buffer.concat([fromHex('302a300506032b6570032100'), key])
    return verify(null, text, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
  } catch {
    return false
  }
}

describe('verifyEd25519', () => {
  test('accepts what RFC 8032 §7.1 (test 2) signs', () => {
    const key = fromHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
    const signature = fromHex('92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00')
    expect(verifyEd25519(key, Uint8Array.of(0x72), signature)).toBe(true)
    expect(verifyEd25519(key, Uint8Array.of(0x73), signature)).toBe(false)
  })

  test('accepts S of a signature made with any nonce but zero', () => {
    const good = signWithNonce(Point.BASE.multiply(5n).toBytes(), 5n)
    expect(verifyEd25519(publicKey, message, good)).toBe(true)
    expect(opensslAccepts(publicKey, message, good)).toBe(true)
  })

  test('refuses the identity as R, which the cofactored equation accepts', () => {
    const signature = signWithNonce(Point.ZERO.toBytes(), 0n)
    expect(ed25519.verify(signature, message, publicKey)).toBe(true)
    expect(verifyEd25519(publicKey, message, signature)).toBe(false)
  })

  test('refuses torsion in R, which noble alone accepts and OpenSSL does not', () => {
    for (const R of [torsion, Point.BASE.multiply(7n).add(torsion)]) {
      const nonce = R === torsion ? 0n : 7n
      const signature = signWithNonce(R.toBytes(), nonce)
      expect(ed25519.verify(signature, message, publicKey, { zip215: false })).toBe(true)
      expect(opensslAccepts(publicKey, message, signature)).toBe(false)
      expect(verifyEd25519(publicKey, message, signature)).toBe(false)
    }
  })

  test('refuses torsion in A', () => {
    const mixed = Point.BASE.multiply(secret).add(torsion).toBytes()
    const signature = signWithNonce(Point.BASE.multiply(9n).toBytes(), 9n, mixed)
    expect(ed25519.verify(signature, message, mixed, { zip215: false })).toBe(true)
    expect(verifyEd25519(mixed, message, signature)).toBe(false)
  })

  test('refuses S plus the order of the group', () => {
    const good = signWithNonce(Point.BASE.multiply(5n).toBytes(), 5n)
    const malleated = concatBytes(good.subarray(0, 32), littleEndian(toInteger(good.subarray(32)) + order))
    expect(verifyEd25519(publicKey, message, malleated)).toBe(false)
  })

  test('refuses other lengths', () => {
    const good = signWithNonce(Point.BASE.multiply(5n).toBytes(), 5n)
    expect(verifyEd25519(publicKey.subarray(1), message, good)).toBe(false)
    expect(verifyEd25519(publicKey, message, good.subarray(1))).toBe(false)
    expect(verifyEd25519(publicKey, message, concatBytes(good, Uint8Array.of(0)))).toBe(false)
  })

  test('agrees with OpenSSL on good and damaged signatures of good keys', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 64 }), fc.option(fc.tuple(fc.nat(63), fc.integer({ min: 1, max: 255 }))), (seed, text, damage) => {
        const key = ed25519.getPublicKey(seed)
        const signature = ed25519.sign(text, seed)
        if (damage !== null) signature[damage[0]] = (signature[damage[0]] as number) ^ damage[1]
        expect(verifyEd25519(key, text, signature)).toBe(damage === null)
        expect(opensslAccepts(key, text, signature)).toBe(damage === null)
      }),
      { numRuns: 40 },
    )
  })
})

test('signs as RFC 8032 §7.1 (test 2) does', () => {
  const seed = fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb')
  expect(ed25519PublicKey(seed)).toEqual(fromHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'))
  expect(signEd25519(seed, Uint8Array.of(0x72)).subarray(0, 8)).toEqual(fromHex('92a009a9f0d4cab8'))
})

test('forms X25519 keys as the platform does', () => {
  const pair = generateKeyPairSync('x25519')
  const jwk = pair.privateKey.export({ format: 'jwk' })
  const fromText = (text: unknown): Uint8Array => new Uint8Array(Buffer.from(String(text), 'base64url'))
  expect(x25519PublicKey(fromText(jwk.d))).toEqual(fromText(jwk.x))
})

describe('isAcceptablePublicKey', () => {
  test('accepts keys of the prime-order group', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        expect(isAcceptablePublicKey(ed25519PublicKey(seed))).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  test.each([
    ['31 bytes', publicKey.subarray(1)],
    ['33 bytes', concatBytes(publicKey, Uint8Array.of(0))],
    ['the identity', Point.ZERO.toBytes()],
    ['the identity with a sign', fromHex(`01${'00'.repeat(30)}80`)],
    ['order 2', fromHex(`ec${'ff'.repeat(30)}7f`)],
    ['order 4', new Uint8Array(32)],
    ['order 8', torsion.toBytes()],
    ['a good point plus torsion', Point.BASE.multiply(secret).add(torsion).toBytes()],
    ['y = p, which stands for 0', fromHex(`ed${'ff'.repeat(30)}7f`)],
    ['y = p + 1, which stands for 1', fromHex(`ee${'ff'.repeat(30)}7f`)],
    ['no point', fromHex(`02${'00'.repeat(31)}`)],
  ])('refuses %s', (_name, bytes) => {
    expect(isAcceptablePublicKey(bytes)).toBe(false)
  })
})

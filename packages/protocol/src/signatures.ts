import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { equalBytes } from './bytes.ts'

/**
 * Whether 32 bytes are an Ed25519 public key that Chiron accepts: canonical, on the curve, in the prime-order subgroup
 * and not the identity. Checked once, when a key is registered. SPEC-SIG-1.
 */
export function isAcceptablePublicKey(publicKey: Uint8Array): boolean {
  return isPrimeOrderPoint(publicKey)
}

/**
 * Verifies an Ed25519 signature (RFC 8032) the strict way: canonical A, R and S, no torsion in A or R, neither of them
 * the identity. With those, the cofactored and the cofactorless equation agree. SPEC-SIG-2.
 *
 * A verifier on OpenSSL accepts exactly the same signatures if the key passed {@link isAcceptablePublicKey} and R is not
 * the encoding of the identity: OpenSSL 3.0 accepts that one, 3.5 does not. SPEC-SIG-3.
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  if (!isPrimeOrderPoint(publicKey) || !isPrimeOrderPoint(signature.subarray(0, 32))) return false
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false })
  } catch {
    return false
  }
}

function isPrimeOrderPoint(bytes: Uint8Array): boolean {
  try {
    const point = ed25519.Point.fromBytes(bytes, false)
    return !point.is0() && point.isTorsionFree() && equalBytes(point.toBytes(), bytes)
  } catch {
    return false
  }
}

/** Ed25519 public key (32 bytes) of a 32-byte seed. */
export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(seed)
}

/** Ed25519 signature (RFC 8032, 64 bytes) with a 32-byte seed. */
export function signEd25519(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, seed)
}

/** X25519 public key (RFC 7748, 32 bytes) of a 32-byte secret. */
export function x25519PublicKey(secret: Uint8Array): Uint8Array {
  return x25519.getPublicKey(secret)
}

/**
 * Whether 32 bytes are an X25519 public key to which something can be sealed: a canonical coordinate that does not belong
 * to one of the few points of small order, with which every agreement fails (RFC 7748 §6.1). SPEC-SIG-4.
 */
export function isAcceptableAgreementKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32 || !isBelowPrime(publicKey)) return false
  try {
    x25519.getSharedSecret(new Uint8Array(32).fill(1), publicKey)
    return true
  } catch {
    return false
  }
}

/** Whether a little-endian number is below 2^255 - 19. */
function isBelowPrime(bytes: Uint8Array): boolean {
  const top = bytes[31] as number
  if (top > 0x7f) return false
  if (top < 0x7f || bytes.subarray(1, 31).some((byte) => byte !== 0xff)) return true
  return (bytes[0] as number) < 0xed
}

import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { equalBytes, isAcceptablePublicKey, type TxId } from '@chiron/protocol'
import type { SignatureVerifier } from '@chiron/ledger'

/** DER of an Ed25519 SubjectPublicKeyInfo before the key's 32 bytes. RFC 8410 §4. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
/** Order of the prime-order subgroup, 2^252 + 27742317777372353535851937790883648493, little-endian. RFC 8032 §5.1. */
const ORDER = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex')
/** The point (0, 1). */
const IDENTITY = Uint8Array.of(1, ...new Uint8Array(31))

export interface SignatureCacheLimits {
  readonly keys: number
  readonly signatures: number
}

/**
 * Verifies Ed25519 with OpenSSL, and accepts exactly what protocol's `verifyEd25519` accepts (SPEC-SIG-2). OpenSSL
 * computes S·B − k·A and compares its encoding with R. Once A is known to be canonical and of prime order (checked once a
 * key), that point is too, so R needs no check of its own but that it is not the identity, which OpenSSL 3.0 accepts and 3.5
 * does not; S is compared with the order here.
 */
export class NativeSignatures {
  readonly #keys = new Map<string, KeyObject | undefined>()
  readonly #valid = new Map<string, { readonly publicKey: Uint8Array; readonly signature: Uint8Array }>()
  readonly #limits: SignatureCacheLimits

  constructor(limits: SignatureCacheLimits = { keys: 10_000, signatures: 50_000 }) {
    this.#limits = limits
  }

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (publicKey.length !== 32 || signature.length !== 64) return false
    if (!isBelowOrder(signature.subarray(32)) || equalBytes(signature.subarray(0, 32), IDENTITY)) return false
    const key = this.#key(publicKey)
    return key !== undefined && verify(null, message, key, signature)
  }

  /** For the runtime: a valid signature is remembered under the transaction's id, so that admission and execution cost one check. */
  readonly ofTx: SignatureVerifier = (publicKey, message, signature, txId) => {
    const id = textOf(txId)
    const known = this.#valid.get(id)
    if (known && equalBytes(known.publicKey, publicKey) && equalBytes(known.signature, signature)) return true
    if (!this.verify(publicKey, message, signature)) return false
    remember(this.#valid, id, { publicKey: publicKey.slice(), signature: signature.slice() }, this.#limits.signatures)
    return true
  }

  /** Drops what is remembered of a transaction that will not be asked about again. */
  forget(txId: TxId): void {
    this.#valid.delete(textOf(txId))
  }

  #key(publicKey: Uint8Array): KeyObject | undefined {
    const id = textOf(publicKey)
    if (this.#keys.has(id)) return this.#keys.get(id)
    const key = isAcceptablePublicKey(publicKey) ? createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' }) : undefined
    remember(this.#keys, id, key, this.#limits.keys)
    return key
  }
}

function isBelowOrder(scalar: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (scalar[i] as number) - (ORDER[i] as number)
    if (difference !== 0) return difference < 0
  }
  return false
}

function remember<V>(map: Map<string, V>, key: string, value: V, limit: number): void {
  if (map.size >= limit) {
    const oldest = map.keys().next()
    if (!oldest.done) map.delete(oldest.value)
  }
  map.set(key, value)
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

import { verify, type KeyObject } from 'node:crypto'
import { equalBytes, isAcceptablePublicKey, type TxId } from '@chiron/protocol'
import type { SignatureVerifier } from '@chiron/ledger'
import { textOf } from '../byte-text.ts'
import { keyObjectOf, type SignatureCheck } from './verify-batch.ts'
import { VerifyPool } from './verify-pool.ts'

/** Order of the prime-order subgroup, 2^252 + 27742317777372353535851937790883648493, little-endian. RFC 8032 §5.1. */
const ORDER = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex')
/** The point (0, 1). */
const IDENTITY = Uint8Array.of(1, ...new Uint8Array(31))

/** Transactions of one turn of the event loop whose signatures are checked on the main thread. */
const AT_ONCE = 2

/** Longest message, in bytes, whose signature is remembered once it was asked about: as long as that of any receipt. */
const MOST_REMEMBERED = 256

export interface SignatureCacheLimits {
  readonly keys: number
  readonly signatures: number
  /** Signatures of other messages that are remembered as valid. */
  readonly ahead: number
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
  /** Signatures of other messages that were found valid, by their bytes. A group of transactions may share one. */
  readonly #ahead = new Map<string, SignatureCheck>()
  /** Those that are being checked ahead, with those who wait for the outcome. */
  readonly #underWay = new Map<string, { readonly check: SignatureCheck; readonly waiting: (() => void)[] }>()
  readonly #pool: VerifyPool
  readonly #limits: SignatureCacheLimits
  /** Groups that the pool has not answered. */
  #unanswered = 0

  constructor(limits: SignatureCacheLimits = { keys: 10_000, signatures: 50_000, ahead: 10_000 }, pool = new VerifyPool()) {
    this.#pool = pool
    this.#limits = limits
  }

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    const check = { publicKey, message, signature }
    const text = textOf(signature)
    if (isSame(this.#ahead.get(text), check)) return true
    const key = this.#keyFor(publicKey, signature)
    if (key === undefined || !verify(null, message, key, signature)) return false
    if (message.length <= MOST_REMEMBERED) remember(this.#ahead, text, { publicKey: publicKey.slice(), message: message.slice(), signature: signature.slice() }, this.#limits.ahead)
    return true
  }

  /**
   * Checks the signature of a transaction, and others that its execution will ask about, before it is executed: on other
   * threads where there is enough to do, and at once where there is not. Valid ones are remembered, for {@link ofTx} and
   * {@link verify}. What is not checked ahead, or was forgotten, is checked when it is asked about.
   * @param done hears whether the transaction's own signature, the first, is valid
   */
  checkAhead(txId: TxId, checks: readonly SignatureCheck[], done: (valid: boolean) => void): void {
    const [own, ...others] = checks
    const sound = [own, ...others].every((check) => check !== undefined && this.#keyFor(check.publicKey, check.signature) !== undefined)
    // Where one cannot be valid, or nothing else is going on, the pool gains nothing.
    if (own === undefined || !sound || this.#unanswered + this.#inTurn < AT_ONCE) {
      this.#countTurn()
      done(own !== undefined && this.ofTx(own.publicKey, own.message, own.signature, txId))
      return
    }
    this.#unanswered++
    let isOwnValid = false
    let left = 1
    const settle = (): void => {
      if (--left === 0) done(isOwnValid)
    }
    const asked: SignatureCheck[] = [own]
    for (const check of others) {
      const text = textOf(check.signature)
      if (isSame(this.#ahead.get(text), check)) continue
      const underWay = this.#underWay.get(text)
      if (underWay === undefined) {
        this.#underWay.set(text, { check, waiting: [] })
        asked.push(check)
      } else if (isSame(underWay.check, check)) {
        left++
        underWay.waiting.push(settle)
      }
    }
    this.#pool.verify(asked, (valid) => {
      this.#unanswered--
      isOwnValid = valid[0] === true
      if (isOwnValid) this.#rememberTx(txId, own)
      for (let i = 1; i < asked.length; i++) this.#settleAhead(asked[i] as SignatureCheck, valid[i] === true)
      settle()
    })
  }

  #settleAhead(check: SignatureCheck, valid: boolean): void {
    const text = textOf(check.signature)
    if (valid) remember(this.#ahead, text, check, this.#limits.ahead)
    const waiting = this.#underWay.get(text)?.waiting ?? []
    this.#underWay.delete(text)
    for (const settle of waiting) settle()
  }

  /** Ends the threads that check ahead; they start again when they are needed. */
  async rest(): Promise<void> {
    this.#unanswered = 0
    this.#underWay.clear()
    await this.#pool.close()
  }

  /** For the runtime: a valid signature is remembered under the transaction's id, so that admission and execution cost one check. */
  readonly ofTx: SignatureVerifier = (publicKey, message, signature, txId) => {
    if (this.isKnown(publicKey, signature, txId)) return true
    if (!this.verify(publicKey, message, signature)) return false
    this.#rememberTx(txId, { publicKey, signature })
    return true
  }

  /** Whether the signature of a transaction was found valid, and is remembered. */
  readonly isKnown = (publicKey: Uint8Array, signature: Uint8Array, txId: TxId): boolean => {
    const known = this.#valid.get(textOf(txId))
    return known !== undefined && equalBytes(known.publicKey, publicKey) && equalBytes(known.signature, signature)
  }

  /** Drops what is remembered of a transaction that will not be asked about again. */
  forget(txId: TxId): void {
    this.#valid.delete(textOf(txId))
  }

  #rememberTx(txId: TxId, { publicKey, signature }: Pick<SignatureCheck, 'publicKey' | 'signature'>): void {
    remember(this.#valid, textOf(txId), { publicKey: publicKey.slice(), signature: signature.slice() }, this.#limits.signatures)
  }

  /** How many were checked at once in this turn of the event loop. */
  #inTurn = 0

  #countTurn(): void {
    if (this.#inTurn++ === 0) setImmediate(() => (this.#inTurn = 0))
  }

  /** The key, if with it the signature may be valid: nothing is wrong with either that OpenSSL would overlook. */
  #keyFor(publicKey: Uint8Array, signature: Uint8Array): KeyObject | undefined {
    if (publicKey.length !== 32 || signature.length !== 64) return undefined
    if (!isBelowOrder(signature.subarray(32)) || equalBytes(signature.subarray(0, 32), IDENTITY)) return undefined
    return this.#key(publicKey)
  }

  #key(publicKey: Uint8Array): KeyObject | undefined {
    const id = textOf(publicKey)
    if (this.#keys.has(id)) return this.#keys.get(id)
    const key = isAcceptablePublicKey(publicKey) ? keyObjectOf(publicKey) : undefined
    remember(this.#keys, id, key, this.#limits.keys)
    return key
  }
}

function isSame(known: SignatureCheck | undefined, { publicKey, message, signature }: SignatureCheck): boolean {
  return known !== undefined && equalBytes(known.signature, signature) && equalBytes(known.publicKey, publicKey) && equalBytes(known.message, message)
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

import { claimBytes, claimPossessionBytes, decodeCanonical, equalBytes, verifyEd25519, walletClaim, type Message, type WalletClaim } from '@chiron/protocol'
import { identity } from '@chiron/ledger'
import { factReceipt, receiptToJson } from '@chiron/ledger/proofs'
import type { Random } from '@chiron/vault'
import type { Engine } from '../../engine/engine.ts'
import { LedgerRefusal } from '../../ledger/refusal.ts'
import { submitMessages, validUntilFrom, type Signer } from '../../ledger/submitter.ts'
import { GatewayError } from '../errors.ts'
import { Attempts } from './attempts.ts'

const LIMITS = { total: 600, failures: 20, windowMs: 10 * 60_000 }

/** Passes claims of wallets on to the ledger, signed by the organisation: a wallet has no key there yet. */
export class ClaimRelay {
  readonly #engine: Engine
  readonly #signer: Signer
  readonly #now: () => number
  readonly #random: Random
  readonly #attempts: Attempts

  constructor(dependencies: { engine: Engine; signer: Signer; now: () => number; random: Random }) {
    this.#engine = dependencies.engine
    this.#signer = dependencies.signer
    this.#now = dependencies.now
    this.#random = dependencies.random
    this.#attempts = new Attempts(LIMITS, dependencies.now)
  }

  /**
   * Relays a claim and waits until it is in a durable block; one that took effect before is answered as well, so that it may
   * be sent again. Whatever is wrong has one answer: a code that is used, replaced or over, an identity that is unknown,
   * claimed by another or suspended.
   * @throws GatewayError `ERR_GATEWAY_CLAIM`, `ERR_GATEWAY_TOO_MANY`; ProtocolError; EngineError
   */
  async relay(body: Uint8Array) {
    const asked = decodeCanonical(walletClaim, body)
    this.#attempts.begin(asked.did)
    if (!this.#isSigned(asked)) throw this.#refused(asked)
    const claimed = this.#claimedBy(asked)
    if (claimed !== undefined) return this.#proof(asked, claimed)
    if (!this.#isOffered(asked)) throw this.#refused(asked)
    const { claimKey: _claimKey, ...claim } = asked
    try {
      const message: Message = { type: 'identity.claim', salt: this.#random(16), ...claim }
      await submitMessages(this.#engine, this.#signer, [message], validUntilFrom(this.#engine, this.#now()))
    } catch (error) {
      if (error instanceof LedgerRefusal) throw this.#refused(asked, error)
      throw error
    }
    const taken = this.#claimedBy(asked)
    if (taken === undefined) throw this.#refused(asked)
    return this.#proof(asked, taken)
  }

  /** The key's name, and receipts of the facts that say whose it is. */
  #proof({ did }: WalletClaim, keyId: string) {
    const { app, signed } = this.#engine.head()
    const fact = (key: Uint8Array): unknown => receiptToJson(factReceipt(this.#engine.reader, { app, signed }, key))
    const { identityKeys } = identity
    return { keyId, proof: { identity: fact(identityKeys.identity(did)), key: fact(identityKeys.key(did, Number(keyId.slice(1)))) } }
  }

  /** As the contract will check it: what is not signed so never becomes a transaction, and costs as much whoever it names. */
  #isSigned({ claimSignature, possession, ...claim }: WalletClaim): boolean {
    const statement = { chainId: this.#engine.status().chainId, ...claim }
    const byCode = verifyEd25519(claim.claimKey, claimBytes(statement), claimSignature)
    return verifyEd25519(claim.signingKey, claimPossessionBytes(statement), possession) && byCode
  }

  #isOffered({ did, claimKey }: WalletClaim): boolean {
    const offer = identity.claimOffer(this.#engine.state, did, Math.max(this.#engine.status().timeMs, this.#now()))
    return offer !== undefined && equalBytes(offer.claimKey, claimKey)
  }

  /** Name of the key, when the patient holds the identity with exactly these. */
  #claimedBy({ did, signingKey, agreementKey }: WalletClaim): string | undefined {
    const key = identity.isSelfHeld(this.#engine.state, did) ? identity.walletKey(this.#engine.state, did) : undefined
    return key !== undefined && equalBytes(key.signing, signingKey) && equalBytes(key.agreement, agreementKey) ? key.id : undefined
  }

  #refused({ did }: WalletClaim, cause?: unknown): GatewayError {
    this.#attempts.failed(did)
    const message = 'the claim was not accepted: the code is not the newest one, was used, or is over; ask for a new one where you were given it'
    return new GatewayError('ERR_GATEWAY_CLAIM', message, cause === undefined ? {} : { cause })
  }
}

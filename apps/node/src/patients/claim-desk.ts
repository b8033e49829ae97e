import { claimKeySeed, ed25519PublicKey, formatClaimCode, CLAIM_SECRET_BYTES, type Did, type Handle, type Message } from '@chiron/protocol'
import { identity } from '@chiron/ledger'
import type { Random } from '@chiron/vault'
import type { Engine } from '../engine/engine.ts'
import { GatewayError } from '../gateway/errors.ts'
import { submitMessages, validUntilFrom, type Signer } from '../ledger/submitter.ts'

/** A code as it is handed to the patient. It is nowhere else: whoever loses it gets a new one. */
export interface OfferedClaim {
  readonly code: string
  readonly did: Did
  readonly untilMs: number
}

/** Where a custodian's staff give patients their identities: makes one-time codes, and withdraws them. */
export class ClaimDesk {
  readonly #engine: Engine
  readonly #organisations: (did: Did) => Signer | undefined
  readonly #random: Random
  readonly #now: () => number

  /** `organisations`: signers of the organisations that this node serves. */
  constructor(dependencies: { engine: Engine; organisations: (did: Did) => Signer | undefined; random: Random; now: () => number }) {
    this.#engine = dependencies.engine
    this.#organisations = dependencies.organisations
    this.#random = dependencies.random
    this.#now = dependencies.now
  }

  /** Makes a code, good for `forMs` at most; an earlier one opens nothing any more. @throws GatewayError `ERR_GATEWAY_NOT_FOUND`, `ERR_GATEWAY_CONFLICT` */
  async offer(handle: Handle, forMs: number): Promise<OfferedClaim> {
    const { did, custodian } = this.#inCustody(handle)
    const code = { did, secret: this.#random(CLAIM_SECRET_BYTES) }
    const claimKey = ed25519PublicKey(claimKeySeed(code, this.#engine.status().chainId))
    const untilMs = Math.min(Math.max(this.#engine.status().timeMs, this.#now()) + forMs, this.#engine.status().timeMs + identity.MAX_CLAIM_OFFER_MS)
    await this.#submit(custodian, { type: 'identity.offerClaim', salt: this.#random(16), did, claimKey, until: untilMs })
    return { code: formatClaimCode(code), did, untilMs }
  }

  /** @throws GatewayError `ERR_GATEWAY_NOT_FOUND`, `ERR_GATEWAY_CONFLICT`; LedgerRefusal where nothing is offered */
  async withdraw(handle: Handle): Promise<Did> {
    const { did, custodian } = this.#inCustody(handle)
    await this.#submit(custodian, { type: 'identity.withdrawClaim', salt: this.#random(16), did })
    return did
  }

  #inCustody(handle: Handle): { readonly did: Did; readonly custodian: Signer } {
    const did = identity.handleOwner(this.#engine.state, handle)
    if (did === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'this node knows no such patient')
    const controller = identity.controller(this.#engine.state, did)
    const custodian = controller === null ? undefined : this.#organisations(controller)
    if (custodian === undefined) {
      const message = controller === null ? 'the patient holds the keys already' : 'another organisation has this patient in custody: its desk makes the code'
      throw new GatewayError('ERR_GATEWAY_CONFLICT', message)
    }
    return { did, custodian }
  }

  async #submit(signer: Signer, message: Message): Promise<void> {
    await submitMessages(this.#engine, signer, [message], validUntilFrom(this.#engine, this.#now()))
  }
}

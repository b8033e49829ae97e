import type { Did, Handle, Message } from '@chiron/protocol'
import type { Random } from '@chiron/vault'
import type { Vocabulary } from '../vocabulary.ts'

/** Public part of a patient's wallet. */
export interface WalletIdentity {
  readonly did: Did
  readonly signingKey: Uint8Array
  readonly agreementKey: Uint8Array
  readonly inception: Uint8Array
}

/** Makes and keeps custodial wallets, by canonical Patient id: a second call for the same patient gives the same wallet. */
export interface WalletStore {
  walletFor(patientId: string): Promise<WalletIdentity>
}

/** Registers patients on the ledger, each with a custodial wallet until it is claimed. */
export class PatientRegistrar {
  readonly #wallets: WalletStore
  readonly #vocabulary: Vocabulary
  readonly #random: Random

  constructor(dependencies: { wallets: WalletStore; vocabulary: Vocabulary; random: Random }) {
    this.#wallets = dependencies.wallets
    this.#vocabulary = dependencies.vocabulary
    this.#random = dependencies.random
  }

  /** The message that registers a patient; the wallet is durable before it is made. */
  async registration(patientId: string): Promise<Message> {
    const wallet = await this.#wallets.walletFor(patientId)
    const handle: Handle = this.#vocabulary.patientHandle(patientId)
    return {
      type: 'identity.register',
      salt: this.#random(16),
      kind: 'patient',
      did: wallet.did,
      signingKey: wallet.signingKey,
      agreementKey: wallet.agreementKey,
      inception: wallet.inception,
      handle,
    }
  }
}

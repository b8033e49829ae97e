import { randomBytes } from 'node:crypto'
import type { Did, Handle, Message } from '@chiron/protocol'
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

  constructor(dependencies: { wallets: WalletStore; vocabulary: Vocabulary }) {
    this.#wallets = dependencies.wallets
    this.#vocabulary = dependencies.vocabulary
  }

  /** The message that registers a patient; the wallet is durable before it is made. */
  async registration(patientId: string): Promise<Message> {
    const wallet = await this.#wallets.walletFor(patientId)
    const handle: Handle = this.#vocabulary.patientHandle(patientId)
    return {
      type: 'identity.register',
      salt: randomBytes(16),
      kind: 'patient',
      did: wallet.did,
      signingKey: wallet.signingKey,
      agreementKey: wallet.agreementKey,
      inception: wallet.inception,
      handle,
    }
  }
}

import type { Signer } from '../ledger/submitter.ts'
import { Identity, type KeyFiles } from '../keys/index.ts'
import type { WalletIdentity, WalletStore } from '../gateway/records/registrar.ts'
import type { CustodialWallets } from './wallets.ts'

const REMEMBERED = 1000

/** Custodial wallets as sealed key files, one for each patient, named by the canonical Patient id. */
export class KeyFileWallets implements WalletStore, CustodialWallets {
  readonly #files: KeyFiles
  readonly #known = new Map<string, Identity>()
  readonly #making = new Map<string, Promise<Identity>>()

  constructor(files: KeyFiles) {
    this.#files = files
  }

  async walletFor(patientId: string): Promise<WalletIdentity> {
    const identity = await (this.#making.get(patientId) ?? this.#loaded(patientId) ?? this.#make(patientId))
    const { did, publicKey, agreementKey, inception } = identity
    return { did, signingKey: publicKey, agreementKey, inception }
  }

  async signerFor(patientId: string): Promise<Signer | undefined> {
    return await (this.#making.get(patientId) ?? this.#loaded(patientId))
  }

  async destroy(patientId: string): Promise<void> {
    await this.#making.get(patientId)?.catch(() => undefined)
    this.#known.delete(patientId)
    this.#files.remove(patientId)
  }

  async patientIds(): Promise<readonly string[]> {
    return await Promise.resolve(this.#files.names())
  }

  #loaded(patientId: string): Identity | undefined {
    const identity = this.#known.get(patientId) ?? Identity.load(this.#files, patientId)
    if (identity !== undefined) this.#remember(patientId, identity)
    return identity
  }

  /** Nobody sees a wallet before it is durable; whoever asks meanwhile waits for the same. */
  #make(patientId: string): Promise<Identity> {
    const identity = Identity.create('patient')
    const made = identity.saveInBackground(this.#files, patientId).then(() => {
      this.#remember(patientId, identity)
      return identity
    }).finally(() => this.#making.delete(patientId))
    this.#making.set(patientId, made)
    return made
  }

  #remember(patientId: string, identity: Identity): void {
    if (this.#known.size >= REMEMBERED) this.#known.delete(this.#known.keys().next().value as string)
    this.#known.set(patientId, identity)
  }
}

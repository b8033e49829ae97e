import type { Signer } from '../ledger/submitter.ts'
import { Identity, type KeyFiles } from '../keys/index.ts'
import type { WalletIdentity, WalletStore } from '../gateway/records/registrar.ts'
import type { CustodialWallets } from './wallets.ts'

const REMEMBERED = 1000

/** Custodial wallets as sealed key files, one for each patient, named by the canonical Patient id. */
export class KeyFileWallets implements WalletStore, CustodialWallets {
  readonly #files: KeyFiles
  readonly #known = new Map<string, Identity>()

  constructor(files: KeyFiles) {
    this.#files = files
  }

  async walletFor(patientId: string): Promise<WalletIdentity> {
    const identity = this.#known.get(patientId) ?? Identity.loadOrCreate(this.#files, patientId, 'patient')
    this.#remember(patientId, identity)
    const { did, publicKey, agreementKey, inception } = identity
    return await Promise.resolve({ did, signingKey: publicKey, agreementKey, inception })
  }

  async signerFor(patientId: string): Promise<Signer | undefined> {
    const identity = this.#known.get(patientId) ?? Identity.load(this.#files, patientId)
    if (identity !== undefined) this.#remember(patientId, identity)
    return await Promise.resolve(identity)
  }

  async destroy(patientId: string): Promise<void> {
    this.#known.delete(patientId)
    this.#files.remove(patientId)
    await Promise.resolve()
  }

  async patientIds(): Promise<readonly string[]> {
    return await Promise.resolve(this.#files.names())
  }

  #remember(patientId: string, identity: Identity): void {
    if (this.#known.size >= REMEMBERED) this.#known.delete(this.#known.keys().next().value as string)
    this.#known.set(patientId, identity)
  }
}

import type { Signer } from '../ledger/submitter.ts'

/** Signers of custodial wallets, by canonical Patient id. On a sample network only. */
export interface CustodialWallets {
  /** The wallet's signer; undefined when this node holds none, as after a claim. */
  signerFor(patientId: string): Promise<Signer | undefined>
  /** Destroys the wallet's keys: afterwards nothing of them is in memory or on disk. Destroying what is absent succeeds. */
  destroy(patientId: string): Promise<void>
  /** Canonical ids of the patients whose wallets are here, in order. */
  patientIds(): Promise<readonly string[]>
}

/** Signers of the users of the organisations that a node serves. */
export interface UserSigners {
  signerFor(organisation: string, user: string): Signer | undefined
}

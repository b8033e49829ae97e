import type { Did } from '@chiron/protocol'
import type { StateReader } from '../state/reader.ts'

/** What the runtime needs of whoever keeps identities. */
export interface AccountsPort {
  /** The Ed25519 public key (32 bytes) that `keyId` of a live identity names now; undefined if it may not sign. */
  signingKey(state: StateReader, did: Did, keyId: string): Uint8Array | undefined
}

/** What the runtime needs of whoever keeps the network's parameters. */
export interface ParametersPort {
  /** Longest time between block time and `validUntil`; never more than SPEC-TX-4 allows counts. */
  maxTxLifetimeMs(state: StateReader): number
}

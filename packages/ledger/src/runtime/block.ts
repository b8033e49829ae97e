import type { AppState, DecodedTx, TxId } from '@chiron/protocol'
import type { KeyValueWrite } from '../state/store.ts'
import type { BlockContext, LedgerEvent } from './contract.ts'

/** Result of one transaction. `code` 0 in codespace '' is success. */
export interface TxResult {
  readonly txId: TxId
  readonly codespace: string
  readonly code: number
  /** Position of its leaf in the transaction log. */
  readonly logIndex: number
  readonly events: readonly LedgerEvent[]
  /** For people, off the ledger: never part of a hash. */
  readonly reason?: string
}

export interface BlockInput extends BlockContext {
  readonly txs: readonly DecodedTx[]
}

export interface BlockOutput {
  readonly results: readonly TxResult[]
  readonly app: AppState
  /** Everything the block writes, at most once per key, in the order of space and key: for one atomic and durable commit. */
  readonly writes: readonly KeyValueWrite[]
}

/** The first state: height 0. */
export interface GenesisOutput {
  readonly app: AppState
  /** As {@link BlockOutput.writes}, for an empty store. */
  readonly writes: readonly KeyValueWrite[]
}

/** An Ed25519 signature (64 bytes) to be verified over a message, with a key (32 bytes). */
export interface SignatureCheck {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** Whether `signature` over `message` is valid; the engine may answer from its cache by txId. Must agree with `verifyEd25519` of protocol. */
export type SignatureVerifier = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, txId: TxId) => boolean

import type { Did } from '@chiron/protocol'
import type { Runtime } from '@chiron/ledger'

/** What an engine needs of the ledger's runtime. */
export type LedgerRuntime = Pick<Runtime, 'executeGenesis' | 'executeBlock' | 'signaturesOf'>

/** Who signs embedded blocks. */
export interface BlockSigner {
  readonly did: Did
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Ed25519 signature, 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

/** The machine's time. */
export interface Clock {
  /** Unix milliseconds. May jump. */
  nowMs(): number
  /** Milliseconds since the machine started, time asleep included. Never jumps. */
  uptimeMs(): number
}

import type { AppState, BlockHeader, SignedHeader, TxId } from '@chiron/protocol'
import type { KeyValueReader, StateReader, TxResult } from '@chiron/ledger'

/** A transaction that a block holds. Whether it did anything is `result.code` (0: yes). */
export interface Committed {
  readonly txId: TxId
  readonly height: number
  readonly timeMs: number
  readonly result: TxResult
}

export interface CommittedBlock {
  readonly header: BlockHeader
  readonly signed: SignedHeader
  readonly app: AppState
  readonly results: readonly TxResult[]
}

export interface EngineStatus {
  readonly chainId: string
  readonly height: number
  readonly timeMs: number
  readonly stateRoot: Uint8Array
  readonly txCount: number
  /** Whether this view may be relied upon now (SPEC-FRESH-1). An embedded engine that is running always is. */
  readonly fresh: boolean
}

/**
 * Orders transactions into blocks, executes them, and makes them durable before anything is acknowledged. Drivers:
 * `embedded/`, later CometBFT. Proven by one compliance suite.
 */
export interface Engine {
  /**
   * Resolves once the transaction is in a durable block. A retry of a committed transaction resolves with the first result.
   * @throws EngineError `ERR_ENGINE_TX_INVALID` (malformed, wrong chain, bad signature, expired, too far ahead), `ERR_ENGINE_BUSY`,
   * `ERR_ENGINE_HALTED` (disk full or I/O error: says what to do), `ERR_ENGINE_CLOSED`
   */
  submit(tx: Uint8Array): Promise<Committed>
  /**
   * Brings block time up to the clock where nothing else does, as on an idle embedded ledger: an empty block, durable when
   * it resolves. @throws EngineError as {@link submit}
   */
  advance(): Promise<void>
  /** State after the newest durable block. Synchronous reads in one turn of the event loop see one height. */
  readonly state: StateReader
  readonly reader: KeyValueReader
  /** Newest header, and the roots under its app hash. */
  head(): { readonly signed: SignedHeader; readonly header: BlockHeader; readonly app: AppState }
  status(): EngineStatus
  /** Calls after each durable block, in order; returns the unsubscribe function. */
  onBlock(listener: (block: CommittedBlock) => void): () => void
  /** Encoded block (SignedBlock) by height. */
  block(height: number): Uint8Array | undefined
  close(): Promise<void>
}

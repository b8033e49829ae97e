/** Stable codes of what an engine refuses. Codes are never renamed or re-used. */
export type EngineErrorCode =
  /** Malformed, for another chain, expired, too far ahead, replayed, or not validly signed; context has the runtime's `code`. */
  | 'ERR_ENGINE_TX_INVALID'
  /** Too much is waiting: try again. */
  | 'ERR_ENGINE_BUSY'
  /** The engine stopped for good, so what was being committed may or may not be; reads go on. */
  | 'ERR_ENGINE_HALTED'
  | 'ERR_ENGINE_CLOSED'
  /** The machine's clock cannot be right: no block is made until it is. */
  | 'ERR_ENGINE_CLOCK'
  /** State, blocks or signer belong to another genesis. */
  | 'ERR_ENGINE_GENESIS'
  /** A block does not follow from the one before, or is not signed by the network's block signer; context has its `height`. */
  | 'ERR_ENGINE_CHAIN'
  /** Executing a block gives another state than its header says; context has its `height`. */
  | 'ERR_ENGINE_STATE'

/** Heights, codes and times; never contents. */
export type EngineErrorContext = Readonly<Record<string, string | number>>

/** What engines throw: a stable code, and words that say what to do. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: EngineErrorCode
  readonly context: EngineErrorContext
  constructor(code: EngineErrorCode, message: string, options: { context?: EngineErrorContext; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.context = options.context ?? {}
  }
}

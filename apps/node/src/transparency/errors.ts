/** Stable codes of what `transparency/` reports. */
export type TransparencyErrorCode =
  /** No checkpoint that enough witnesses cosigned reaches that far yet. */
  | 'ERR_LOG_NOT_WITNESSED'
  /** The log has no such transaction. */
  | 'ERR_LOG_NOT_FOUND'
  /** The log is not the continuation of what this node signed before: it signs no more. */
  | 'ERR_LOG_FORKED'
  /** A witness says that the log was changed. */
  | 'ERR_LOG_REFUSED'
  /** A witness does not know this log, or takes the request for wrong. */
  | 'ERR_LOG_UNACCEPTED'
  /** What was kept of earlier checkpoints cannot be read. */
  | 'ERR_LOG_STATE'

export class TransparencyError extends Error {
  override readonly name = 'TransparencyError'
  readonly code: TransparencyErrorCode
  readonly context: Readonly<Record<string, string | number>>
  constructor(code: TransparencyErrorCode, message: string, options: { context?: Readonly<Record<string, string | number>>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.context = options.context ?? {}
  }
}

/** Stable codes of what a gateway refuses; `http/outcome.ts` gives each its status. */
export type GatewayErrorCode =
  | 'ERR_GATEWAY_TOKEN'
  | 'ERR_GATEWAY_SCOPE'
  | 'ERR_GATEWAY_NO_ACCESS'
  | 'ERR_GATEWAY_NOT_FOUND'
  | 'ERR_GATEWAY_GONE'
  | 'ERR_GATEWAY_CONFLICT'
  | 'ERR_GATEWAY_PRECONDITION'
  | 'ERR_GATEWAY_MULTIPLE_MATCHES'
  | 'ERR_GATEWAY_INVALID'
  | 'ERR_GATEWAY_UNPROCESSABLE'
  | 'ERR_GATEWAY_METHOD'
  | 'ERR_GATEWAY_MEDIA_TYPE'
  | 'ERR_GATEWAY_NOT_ACCEPTABLE'
  | 'ERR_GATEWAY_TOO_LARGE'
  | 'ERR_GATEWAY_UNKNOWN_TYPE'
  | 'ERR_GATEWAY_UNAVAILABLE'
  | 'ERR_GATEWAY_DAMAGED'
  | 'ERR_GATEWAY_LEDGER'
  | 'ERR_GATEWAY_SAMPLE_ONLY'
  | 'ERR_GATEWAY_CLAIM'
  | 'ERR_GATEWAY_TOO_MANY'
  /** In the log only: entries that patients' lists should have and the ledger refused. */
  | 'ERR_GATEWAY_UNLISTED'

/** One problem, as an OperationOutcome issue says it. */
export interface Problem {
  /** An error unless it only tells something. */
  readonly severity?: 'information'
  readonly code: string
  readonly diagnostics: string
  readonly expression?: string
}

/** What a gateway throws: a stable code and words for people, never a value of a record. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: GatewayErrorCode
  readonly problems: readonly Problem[]
  constructor(code: GatewayErrorCode, message: string, options: { problems?: readonly Problem[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.problems = options.problems ?? []
  }
}

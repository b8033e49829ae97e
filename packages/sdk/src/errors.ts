/** Stable codes of what the client refuses or could not do. */
export type SdkErrorCode =
  /** The token is missing, expired or not for this address (401). */
  | 'ERR_SDK_UNAUTHORIZED'
  /** Refused (403): no consent, or not allowed to this user. `outcome` tells how to ask. */
  | 'ERR_SDK_FORBIDDEN'
  /** Not there (404), or not visible to this reader. */
  | 'ERR_SDK_NOT_FOUND'
  /** Deleted (410). */
  | 'ERR_SDK_GONE'
  /** Another version or another writer was first (409, 412). */
  | 'ERR_SDK_CONFLICT'
  /** The request or the resource is wrong (other 4xx). `outcome` names the element. */
  | 'ERR_SDK_INVALID'
  /** Try again later (429, 503, 504). */
  | 'ERR_SDK_UNAVAILABLE'
  /** The server failed (other 5xx). */
  | 'ERR_SDK_SERVER'
  /** No answer came: `cause` is what `fetch` threw. */
  | 'ERR_SDK_NETWORK'
  /** The answer is not what this address should give. */
  | 'ERR_SDK_RESPONSE'
  /** A message does not fit the protocol, or the transaction is too large. */
  | 'ERR_SDK_MESSAGE'
  /** A contract refused the transaction: see `codespace` and `contractCode`. */
  | 'ERR_SDK_TX_REFUSED'
  /** The transaction's `validUntil` has passed, and it was not seen to be committed. */
  | 'ERR_SDK_TX_EXPIRED'
  /** Key material of the wrong length, or keys that do not belong to the identity. */
  | 'ERR_SDK_WALLET'
  /** Not a claim code; the message says what is wrong with it. */
  | 'ERR_SDK_CLAIM_CODE'
  /** Neither a copy nor the keyholders gave the key of a record. */
  | 'ERR_SDK_NO_KEY'
  /** Not a duration that this library reads. */
  | 'ERR_SDK_DURATION'
  /** Not a receipt, an access list or an export. */
  | 'ERR_SDK_AUDIT_FORMAT'
  /** A row of an access list shows something else than was proven. */
  | 'ERR_SDK_AUDIT_MISMATCH'
  /** Rows of an access list are missing, repeated or out of order. */
  | 'ERR_SDK_AUDIT_INCOMPLETE'

/** One issue of an OperationOutcome: the server's own words. */
export interface OutcomeIssue {
  readonly severity: string
  readonly code: string
  readonly text?: string
  readonly diagnostics?: string
  readonly expression?: readonly string[]
}

export interface SdkErrorContext {
  /** HTTP status, where a server answered. */
  readonly status?: number
  /** The issues of the server's OperationOutcome; may name elements, as the server wrote them. */
  readonly outcome?: readonly OutcomeIssue[]
  /** Codespace and number of the contract's refusal. */
  readonly codespace?: string
  readonly contractCode?: number
}

/** What the client throws. `message` holds no input and no words of a server. */
export class SdkError extends Error {
  override readonly name = 'SdkError'
  readonly code: SdkErrorCode
  readonly context: SdkErrorContext
  constructor(code: SdkErrorCode, message: string, options: { context?: SdkErrorContext; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.context = options.context ?? {}
  }
}

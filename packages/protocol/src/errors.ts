/** Stable codes of everything that this package refuses. */
export type ProtocolErrorCode =
  | 'ERR_PROTOCOL_ID'
  | 'ERR_PROTOCOL_ENCODING'
  | 'ERR_PROTOCOL_LIMIT'
  | 'ERR_PROTOCOL_NOT_CANONICAL'
  | 'ERR_PROTOCOL_SCHEMA'
  | 'ERR_PROTOCOL_SIGNATURE'
  /** Not a claim code, or mistyped; the message says which. */
  | 'ERR_PROTOCOL_CLAIM_CODE'
  | 'ERR_PROTOCOL_HASH'

/** What `protocol` throws: a stable code, and words that never carry input. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ProtocolErrorCode
  constructor(code: ProtocolErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

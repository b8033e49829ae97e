/** Why a proof does not hold, or cannot be made. Codes are stable. */
export type ProofErrorCode =
  /** Not a receipt: unknown shape, or not canonical. */
  | 'ERR_PROOF_FORMAT'
  /** What the verifier was told to trust is unusable. */
  | 'ERR_PROOF_TRUST'
  /** The header is of another chain than the trusted one. */
  | 'ERR_PROOF_CHAIN'
  /** The header is signed by nobody who is trusted. */
  | 'ERR_PROOF_SIGNER'
  /** The header's signature does not verify. */
  | 'ERR_PROOF_SIGNATURE'
  /** The roots are not those under the header's app hash. */
  | 'ERR_PROOF_APP_HASH'
  /** The fact is not under the state root. */
  | 'ERR_PROOF_FACT'
  /** The fact's absence is not under the state root. */
  | 'ERR_PROOF_ABSENCE'
  /** The transaction is not in the log. */
  | 'ERR_PROOF_LOG'
  /** Too few of the trusted witnesses cosigned the checkpoint. */
  | 'ERR_PROOF_WITNESS'
  /** The older log is not the beginning of the newer one. */
  | 'ERR_PROOF_CONSISTENCY'
  /** The entry is not in the list. */
  | 'ERR_PROOF_ENTRY'
  /** The entries are not the whole list. */
  | 'ERR_PROOF_LIST'
  /** When making a proof: the state does not hold what is to be proven. */
  | 'ERR_PROOF_NOT_FOUND'
  /** When making a proof: the head is not that of the state. */
  | 'ERR_PROOF_STALE'

export class ProofError extends Error {
  override readonly name = 'ProofError'
  readonly code: ProofErrorCode
  constructor(code: ProofErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** Stable codes of everything that this package refuses. Codes are never renamed or re-used. */
export type VaultErrorCode =
  /** Not the bytes of an envelope, or a field out of bounds. */
  | 'ERR_VAULT_ENVELOPE_INVALID'
  /** Wrong key, wrong binding, or changed bytes: the two cannot be told apart. */
  | 'ERR_VAULT_ENVELOPE_TAMPERED'
  /** Plaintext larger than the opener allows. */
  | 'ERR_VAULT_TOO_LARGE'
  | 'ERR_VAULT_SUITE_UNSUPPORTED'
  | 'ERR_VAULT_BLOB_CORRUPT'
  | 'ERR_VAULT_BLOB_HASH'
  /** Numbers of keyholders, thresholds, indices or key lengths that make no sense together. */
  | 'ERR_VAULT_PARAMETERS'
  /** A share does not match its commitment; context names the keyholder. */
  | 'ERR_VAULT_SHARE_INVALID'
  /** Fewer good shares than the threshold; context lists who sent none and who sent a wrong one. */
  | 'ERR_VAULT_SHARES_MISSING'
  /** Good shares give a key that is not the committed one: whoever dealt is at fault. */
  | 'ERR_VAULT_DEALER'
  /** A package or its commitments do not fit each other, or the roots. */
  | 'ERR_VAULT_BATCH_INVALID'
  /** A message that cannot be decoded or opened. */
  | 'ERR_VAULT_MESSAGE_INVALID'
  /** Meant for another keyholder, chain or custody set. */
  | 'ERR_VAULT_WRONG_RECIPIENT'
  /** Signature wrong, or the signer is not a live member. */
  | 'ERR_VAULT_SIGNATURE'
  /** Block time has passed the message's end, or the end lies too far ahead. */
  | 'ERR_VAULT_EXPIRED'
  | 'ERR_VAULT_REPLAY'
  /** The keyholder's view of the ledger is not fresh (SPEC-FRESH-1). */
  | 'ERR_VAULT_NOT_FRESH'
  /** No open access of this reader through this gateway, or it does not cover the record. */
  | 'ERR_VAULT_NO_ACCESS'
  /** The keyholder has no share of this record version. */
  | 'ERR_VAULT_SHARE_ABSENT'
  /** What a store gave back is not what was put. */
  | 'ERR_VAULT_STORE_CORRUPT'
  /** An epoch key that shares need is gone or does not unwrap. */
  | 'ERR_VAULT_EPOCH_KEY'

/** Where: keyholders by index and DID, records by id in hexadecimal, positions, sizes. Never keys, shares or contents. */
export type VaultErrorContext = Readonly<Record<string, string | number | boolean | readonly number[]>>

/** What `vault` throws: a stable code, words for people, and a context without secrets or health data. */
export class VaultError extends Error {
  override readonly name = 'VaultError'
  readonly code: VaultErrorCode
  readonly context: VaultErrorContext
  constructor(code: VaultErrorCode, message: string, options: { context?: VaultErrorContext; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.context = options.context ?? {}
  }
}

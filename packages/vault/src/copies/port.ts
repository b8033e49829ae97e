import type { Did } from '@chiron/protocol'

/** A copy as it is kept: the envelope whose key it holds, by its SHA-256 (32 bytes), and what `sealCopies` made. */
export interface KeptCopy {
  readonly ciphertext: Uint8Array
  readonly bytes: Uint8Array
}

/**
 * Keeps patients' copies of content keys beside the ciphertext. Drivers: memory (here), filesystem; proven by one
 * compliance suite (`@chiron/vault/testing`). SPEC-COPY-2.
 */
export interface WalletCopies {
  /** Resolves once all are durable. One for the same envelope is replaced, and nothing is left of what was there. */
  put(owner: Did, copies: readonly KeptCopy[]): Promise<void>
  /** Every copy of an owner, each envelope once, in any order: the caller's own bytes. */
  list(owner: Did): Promise<readonly KeptCopy[]>
  /** Resolves once nobody's copies of these envelopes are left, durably. Deleting what is absent succeeds. */
  delete(ciphertexts: readonly Uint8Array[]): Promise<void>
}

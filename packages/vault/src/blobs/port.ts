/** Bytes and the SHA-256 (32 bytes) they are kept under. */
export interface Blob {
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
}

export interface BlobInfo {
  readonly hash: Uint8Array
  /** Length in bytes. */
  readonly size: number
  /** When it was first put, Unix milliseconds by the store's clock. Only for the sweep's choice of what to look at. */
  readonly putAtMs: number
}

/**
 * Keeps ciphertext by hash. Drivers: memory (here), filesystem, later S3-compatible and a network of stores; proven
 * by one compliance suite (`@chiron/vault/testing`). SPEC-BLOB-1.
 */
export interface BlobStore {
  /**
   * Resolves once all blobs are durable. Putting what is there already changes nothing, its `putAtMs` included; a blob
   * that is there damaged is made whole. On rejection any part of the batch may be there; none of it half-written.
   * @throws VaultError `ERR_VAULT_BLOB_HASH` when a hash is not that of its bytes; then none is put
   */
  putMany(blobs: readonly Blob[]): Promise<void>
  /**
   * The bytes, checked against the hash: the caller's own copy. `undefined` if absent.
   * @throws VaultError `ERR_VAULT_BLOB_CORRUPT` (context `hash` in hexadecimal)
   */
  get(hash: Uint8Array): Promise<Uint8Array | undefined>
  /** Whether it is there; does not read the bytes. */
  has(hash: Uint8Array): Promise<boolean>
  /** Resolves once the bytes are gone, durably. Deleting what is absent succeeds. */
  delete(hash: Uint8Array): Promise<void>
  /** Everything that was there when the listing began and was not deleted meanwhile; in any order. */
  list(): AsyncIterable<BlobInfo>
}

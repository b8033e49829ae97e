import type { BlobInfo, BlobStore } from './port.ts'

export interface BlobSweepOptions {
  /** Block time of the view that `isReferenced` reads, Unix ms. */
  readonly blockTimeMs: number
  /**
   * How much older than block time a blob must be, by the store's clock: the longest life of a transaction, and room for
   * clocks that differ. 24 hours unless told otherwise.
   */
  readonly graceMs?: number
}

const DEFAULT_GRACE_MS = 86_400_000

/**
 * Deletes ciphertext that no record version on the ledger names and whose transaction can no longer come. `isReferenced`
 * must read the same height as `blockTimeMs`. Gives what was deleted. SPEC-BLOB-2.
 */
export async function sweepBlobs(store: BlobStore, isReferenced: (hash: Uint8Array) => boolean, options: BlobSweepOptions): Promise<BlobInfo[]> {
  const before = options.blockTimeMs - (options.graceMs ?? DEFAULT_GRACE_MS)
  const swept: BlobInfo[] = []
  for await (const info of store.list()) {
    if (info.putAtMs >= before || isReferenced(info.hash)) continue
    await store.delete(info.hash)
    swept.push(info)
  }
  return swept
}

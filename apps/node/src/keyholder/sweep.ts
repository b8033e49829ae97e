import { toHex } from '@chiron/protocol'
import type { BlobStore, Keyholder, WalletCopies } from '@chiron/vault'

export interface SweepReport {
  readonly settled: number
  readonly shares: number
  readonly ciphertexts: number
}

/**
 * Destroys shares, ciphertext and patients' copies of transactions that can no longer come, at every keyholder of this node; run now and
 * then. Blobs that no keyholder was ever dealt a key of are `sweepBlobs`' to find.
 */
export async function sweepOrphans(keyholders: readonly Keyholder[], blobs: BlobStore, copies: WalletCopies): Promise<SweepReport> {
  let settled = 0
  let shares = 0
  const ciphertexts = new Map<string, Uint8Array>()
  for (const keyholder of keyholders) {
    for (let more = true; more;) {
      const swept = await keyholder.sweep()
      settled += swept.settled
      shares += swept.orphans.length
      for (const hash of swept.ciphertexts) ciphertexts.set(toHex(hash), hash)
      more = swept.more
    }
  }
  for (const hash of ciphertexts.values()) await blobs.delete(hash)
  await copies.delete([...ciphertexts.values()])
  return { settled, shares, ciphertexts: ciphertexts.size }
}

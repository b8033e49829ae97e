import { equalBytes, type Keyholder } from '@chiron/protocol'
import { VaultError } from '../errors.ts'

/** Keyholders in order: a keyholder's position, from 0, is the index of its share. `threshold` shares give the key. */
export interface CustodySet {
  /** Of the set on the ledger; the genesis is 1. */
  readonly number: number
  readonly keyholders: readonly Keyholder[]
  readonly threshold: number
}

/** A share's index is one byte, and the ledger names at most 64 keyholders. */
export const MAX_KEYHOLDERS = 64

/** How many keyholders may fail: ⌊(n−1)/3⌋. SPEC-CUS-6. */
export function faultsTolerated(n: number): number {
  return Math.floor((n - 1) / 3)
}

/** How many receipts acknowledge a write: n − f. SPEC-CUS-6. */
export function receiptsNeeded(n: number): number {
  return n - faultsTolerated(n)
}

/** @throws VaultError `ERR_VAULT_PARAMETERS` unless 1 ≤ threshold ≤ n ≤ 64 */
export function checkThreshold(n: number, threshold: number): void {
  const possible = Number.isInteger(n) && Number.isInteger(threshold) && threshold >= 1 && threshold <= n && n <= MAX_KEYHOLDERS
  if (!possible) throw new VaultError('ERR_VAULT_PARAMETERS', 'impossible numbers of keyholders', { context: { n, threshold } })
}

/** Whether two sets are the same: number, threshold, and everyone's keys in the same order. */
export function isSameSet(a: CustodySet, b: CustodySet): boolean {
  return (
    a.number === b.number &&
    a.threshold === b.threshold &&
    a.keyholders.length === b.keyholders.length &&
    a.keyholders.every((keyholder, i) => keyholder.did === b.keyholders[i]?.did && equalBytes(keyholder.kemKey, b.keyholders[i].kemKey))
  )
}

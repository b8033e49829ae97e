import {
  custodyBatchRoot, equalBytes, MAX_TX_LIFETIME_MS, shareRoot, toHex, type BatchLeaf, type Did,
} from '@chiron/protocol'
import type { PackageBody } from '../custody/package.ts'
import { COMMITMENT_BYTES, isCommittedShare } from '../custody/shares.ts'
import { VaultError } from '../errors.ts'
import type { LedgerView, PendingShare } from './ports.ts'
import type { ShareContent } from './sealed-shares.ts'

/**
 * Checks a package against the ledger and itself: it is for this keyholder in this set, still in time, every share is the
 * one committed to, and the commitments give the batch root. Gives what is to be stored.
 * @throws VaultError `ERR_VAULT_WRONG_RECIPIENT`, `ERR_VAULT_EXPIRED`, `ERR_VAULT_BATCH_INVALID`, `ERR_VAULT_SHARE_INVALID`
 */
export function checkPackage(body: PackageBody, self: Did, view: LedgerView): (PendingShare & ShareContent)[] {
  const set = view.custodySet(body.set)
  if (!set || set.keyholders[body.index]?.did !== self || set.threshold !== body.threshold) {
    throw new VaultError('ERR_VAULT_WRONG_RECIPIENT', 'dealt to a custody set in which this keyholder has another place', { context: { set: body.set } })
  }
  const { timeMs } = view.status()
  if (body.validUntil < timeMs || body.validUntil > timeMs + MAX_TX_LIFETIME_MS) {
    throw new VaultError('ERR_VAULT_EXPIRED', 'dealt for a transaction that is over or ends too late', { context: { validUntil: body.validUntil, timeMs } })
  }
  const leaves: BatchLeaf[] = []
  const shares = body.records.map(([record, version, ciphertext, salt, keyCommitment, packed, share]) => {
    const commitments = unpack(packed, set.keyholders.length)
    const context = { record: toHex(record), version }
    if (!commitments) throw new VaultError('ERR_VAULT_BATCH_INVALID', 'a record without one commitment per keyholder', { context })
    if (!isCommittedShare(record, salt, { index: body.index, bytes: share }, commitments[body.index] as Uint8Array)) {
      throw new VaultError('ERR_VAULT_SHARE_INVALID', 'the dealt share does not match its commitment', { context: { ...context, keyholder: body.index } })
    }
    const root = shareRoot(commitments)
    leaves.push({ record, version, ciphertext, keyCommitment, shareRoot: root })
    return { record, version, shareRoot: root, ciphertext, validUntil: body.validUntil, share, set: body.set, index: body.index, commitments: packed }
  })
  if (!equalBytes(custodyBatchRoot(leaves), body.root)) throw new VaultError('ERR_VAULT_BATCH_INVALID', 'the records do not give the batch root')
  return shares
}

function unpack(packed: Uint8Array, n: number): Uint8Array[] | undefined {
  if (packed.length !== n * COMMITMENT_BYTES) return undefined
  return Array.from({ length: n }, (_, i) => packed.subarray(i * COMMITMENT_BYTES, (i + 1) * COMMITMENT_BYTES))
}

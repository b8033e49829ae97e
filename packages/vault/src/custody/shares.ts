import { concatBytes, equalBytes, keyCommitment, shareCommitment, toHex, type RecordId } from '@chiron/protocol'
import { combine, split } from 'shamir-secret-sharing'
import { AEAD_KEY_BYTES } from '../aead.ts'
import { VaultError } from '../errors.ts'
import { checkThreshold } from './set.ts'

/** Length of a share: the value at a point for each of the key's 32 bytes, and the point. SPEC-CUS-7. */
export const SHARE_BYTES = AEAD_KEY_BYTES + 1
export const COMMITMENT_BYTES = 32

/** A share and whose it is: `index` is the keyholder's position in the set, from 0. */
export interface KeyShare {
  readonly index: number
  readonly bytes: Uint8Array
}

/**
 * Splits a content key (32 bytes) so that any `threshold` of `n` shares give it back and fewer tell nothing: Shamir over
 * GF(2^8). With a threshold of 1 every share is the key itself, in the same format. SPEC-CUS-7.
 * @throws VaultError `ERR_VAULT_PARAMETERS`
 */
export async function splitKey(key: Uint8Array, n: number, threshold: number): Promise<KeyShare[]> {
  checkThreshold(n, threshold)
  if (key.length !== AEAD_KEY_BYTES) throw new VaultError('ERR_VAULT_PARAMETERS', 'a content key has 32 bytes')
  if (threshold === 1) return Array.from({ length: n }, (_, index) => ({ index, bytes: concatBytes(key, Uint8Array.of(index + 1)) }))
  // The library takes no subclass of Uint8Array.
  const shares = await split(Uint8Array.from(key), n, threshold)
  return shares.map((bytes, index) => ({ index, bytes }))
}

/** What is known of a record version's key before any share comes: from the ledger, the envelope, and the keyholders. */
export interface KeyCommitments {
  readonly record: RecordId
  readonly salt: Uint8Array
  readonly threshold: number
  /** Each keyholder's share commitment (32 bytes), in their order; already checked against the entry's `shareRoot`. */
  readonly shares: readonly Uint8Array[]
  readonly key: Uint8Array
}

export interface CombinedKey {
  readonly key: Uint8Array
  /** Keyholders who sent a share that is not the one they were dealt. */
  readonly wrong: readonly number[]
}

/** Whether this is the share that the keyholder was dealt. */
export function isCommittedShare(record: RecordId, salt: Uint8Array, share: KeyShare, commitment: Uint8Array): boolean {
  return share.bytes.length === SHARE_BYTES && equalBytes(shareCommitment(record, salt, share.index, share.bytes), commitment)
}

/**
 * The content key, from any `threshold` good shares, whatever else was sent.
 * @throws VaultError with too few good shares `ERR_VAULT_SHARE_INVALID` (context `keyholders`: who sent wrong ones) or,
 * when none was wrong, `ERR_VAULT_SHARES_MISSING`; `ERR_VAULT_DEALER` when good shares give another key than committed
 */
export async function combineShares(expected: KeyCommitments, shares: readonly KeyShare[]): Promise<CombinedKey> {
  checkThreshold(expected.shares.length, expected.threshold)
  const good = new Map<number, Uint8Array>()
  const wrong: number[] = []
  for (const share of shares) {
    const commitment = expected.shares[share.index]
    if (commitment && isCommittedShare(expected.record, expected.salt, share, commitment)) good.set(share.index, share.bytes)
    else wrong.push(share.index)
  }
  const record = toHex(expected.record)
  if (good.size < expected.threshold) {
    const context = { record, keyholders: wrong, good: good.size, needed: expected.threshold }
    if (wrong.length > 0) throw new VaultError('ERR_VAULT_SHARE_INVALID', `wrong share from keyholder ${wrong.join(', ')}`, { context })
    throw new VaultError('ERR_VAULT_SHARES_MISSING', 'too few keyholders have answered', { context })
  }
  const key = await interpolate([...good.values()].slice(0, expected.threshold), record)
  if (!equalBytes(keyCommitment(expected.record, expected.salt, key), expected.key)) throw dealerError(record)
  return { key, wrong }
}

async function interpolate(shares: readonly Uint8Array[], record: string): Promise<Uint8Array> {
  if (shares.length === 1) return (shares[0] as Uint8Array).slice(0, AEAD_KEY_BYTES)
  try {
    return await combine(shares.map((share) => Uint8Array.from(share)))
  } catch (cause) {
    throw dealerError(record, cause)
  }
}

function dealerError(record: string, cause?: unknown): VaultError {
  return new VaultError('ERR_VAULT_DEALER', 'the author dealt shares that do not give the committed key', { context: { record }, cause })
}

import type { CustodyReceipt, Did, Handle, ObjectId, RecordId } from '@chiron/protocol'
import type { records } from '@chiron/ledger'
import type { EnvelopeContent } from '@chiron/vault'

/** A record version about to be sealed. */
export interface SealOrder {
  readonly record: RecordId
  readonly version: number
  readonly author: Did
  readonly subjects: readonly Handle[]
  readonly content: EnvelopeContent
}

/** What the ledger must know of a sealed version. */
export interface Sealed {
  /** SHA-256 of the envelope, 32 bytes. */
  readonly ciphertext: Uint8Array
  /** Length of the envelope in bytes. */
  readonly size: number
  readonly keyCommitment: Uint8Array
  readonly shareRoot: Uint8Array
}

export interface Kept {
  readonly sealed: readonly Sealed[]
  readonly custodySet: number
  readonly receipts: readonly CustodyReceipt[]
  /**
   * To be awaited once the versions are committed, before they are acknowledged: makes the copies of patients who claimed
   * in the meantime. SPEC-COPY-3.
   */
  copyLate(): Promise<void>
}

/** A committed version, as its entry on the ledger says. */
export interface OpenOrder {
  readonly record: RecordId
  readonly version: number
  readonly author: Did
  readonly subjects: readonly Handle[]
  readonly ciphertext: Uint8Array
  readonly keyCommitment: Uint8Array
  readonly shareRoot: Uint8Array
  readonly custodySet: number
}

/**
 * Seals records, hands ciphertext to the blob store and shares to the keyholders, and gets keys back under a committed
 * access. The only way of a gateway to and from plaintext that is not its own index.
 */
export interface Custodian {
  /** Resolves once ciphertext and shares are durable where they must be (P4). `validUntil`: of the transaction to come. */
  keep(orders: readonly SealOrder[], validUntil: number): Promise<Kept>
  /**
   * Contents in the order asked, through one release of every keyholder under `access` (P1).
   * @throws GatewayError `ERR_GATEWAY_DAMAGED` naming what is damaged, `ERR_GATEWAY_NO_ACCESS`, `ERR_GATEWAY_UNAVAILABLE`
   */
  open(access: ObjectId, reader: Did, orders: readonly OpenOrder[]): Promise<EnvelopeContent[]>
  /** As {@link open}, with the envelopes and their keys: what a patient needs to prove what was written. */
  release(access: ObjectId, reader: Did, orders: readonly OpenOrder[]): Promise<Released[]>
}

/** An envelope, its content key (32 bytes), and what it holds. */
export interface Released {
  readonly envelope: Uint8Array
  readonly key: Uint8Array
  readonly content: EnvelopeContent
}

/** What a custodian needs of a committed version. */
export function openOrder({ record, version, author, subjects, entry }: records.RecordVersion): OpenOrder {
  const { ciphertext, keyCommitment, shareRoot, custodySet } = entry
  return { record, version, author, subjects: subjects.map(({ handle }) => handle), ciphertext, keyCommitment, shareRoot, custodySet }
}

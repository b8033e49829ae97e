import type { CustodyReceipt, Did, Handle, ObjectId, RecordId } from '@chiron/protocol'

/** A record version about to be sealed. `content` is the resource as canonical JSON bytes. */
export interface SealOrder {
  readonly record: RecordId
  readonly version: number
  readonly author: Did
  readonly subjects: readonly Handle[]
  readonly content: Uint8Array
}

/** What the ledger must know of a sealed version. */
export interface Sealed {
  readonly ciphertext: Uint8Array
  readonly size: number
  readonly keyCommitment: Uint8Array
  readonly shareRoot: Uint8Array
}

export interface Kept {
  readonly sealed: readonly Sealed[]
  readonly custodySet: number
  readonly receipts: readonly CustodyReceipt[]
}

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
  /** Resolves once ciphertext and shares are durable where they must be (P4). */
  keep(orders: readonly SealOrder[]): Promise<Kept>
  /**
   * Contents in the order asked, through one release of every keyholder under `access` (P1).
   * @throws GatewayError `ERR_GATEWAY_DAMAGED` naming what is damaged, `ERR_GATEWAY_UNAVAILABLE`
   */
  open(access: ObjectId, reader: Did, orders: readonly OpenOrder[]): Promise<Uint8Array[]>
}

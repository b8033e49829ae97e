import { concatBytes, sha256, utf8 } from './bytes.ts'
import { ProtocolError } from './errors.ts'
import type { RecordId } from './ids.ts'
import { inclusionRoot, leafHash, merkleRoot } from './merkle.ts'
import type { ReceiptGroup } from './messages/records.ts'

/**
 * Salted commitment to a content key: SHA-256(`chiron/key/v1` ‖ salt (16) ‖ record (16) ‖ key (32)). SPEC-CUS-1.
 * The salt lies in the envelope and goes with it.
 */
export function keyCommitment(record: RecordId, salt: Uint8Array, key: Uint8Array): Uint8Array {
  requireLengths(salt, record)
  if (key.length !== 32) throw new ProtocolError('ERR_PROTOCOL_ENCODING', 'a content key has 32 bytes')
  return sha256(concatBytes(utf8('chiron/key/v1'), salt, record, key))
}

/**
 * Commitment to a keyholder's share: SHA-256(`chiron/share/v1` ‖ salt (16) ‖ record (16) ‖ index (1) ‖ share).
 * The salt is the envelope's; `index` is the keyholder's position in its set, from 0. SPEC-CUS-2.
 */
export function shareCommitment(record: RecordId, salt: Uint8Array, index: number, share: Uint8Array): Uint8Array {
  requireLengths(salt, record)
  if (!Number.isInteger(index) || index < 0 || index > 255) throw new ProtocolError('ERR_PROTOCOL_ENCODING', 'a share has an index from 0 to 255')
  return sha256(concatBytes(utf8('chiron/share/v1'), salt, record, Uint8Array.of(index), share))
}

/** Commits to all shares of a record, in the order of the keyholders: SHA-256 over their commitments. SPEC-CUS-3. */
export function shareRoot(commitments: readonly Uint8Array[]): Uint8Array {
  return sha256(concatBytes(utf8('chiron/share-root/v1'), ...commitments))
}

export interface BatchLeaf {
  readonly record: RecordId
  readonly version: number
  readonly ciphertext: Uint8Array
  readonly keyCommitment: Uint8Array
  readonly shareRoot: Uint8Array
}

/** The root that keyholders sign for a transaction's records: RFC 9162 tree over their leaves. SPEC-CUS-4. */
export function custodyBatchRoot(leaves: readonly BatchLeaf[]): Uint8Array {
  return merkleRoot(leaves.map(batchLeafBytes))
}

function batchLeafBytes(leaf: BatchLeaf): Uint8Array {
  requireUint32(leaf.version)
  const { record, version, ciphertext, keyCommitment, shareRoot } = leaf
  const bytes = new Uint8Array(record.length + 4 + ciphertext.length + keyCommitment.length + shareRoot.length)
  bytes.set(record)
  let at = record.length
  bytes[at++] = version >>> 24
  bytes[at++] = version >>> 16
  bytes[at++] = version >>> 8
  bytes[at++] = version
  bytes.set(ciphertext, at)
  bytes.set(keyCommitment, at + ciphertext.length)
  bytes.set(shareRoot, at + ciphertext.length + keyCommitment.length)
  return bytes
}

/** What a keyholder signs: `chiron/custody-receipt/v1`, zero, chain id, zero, set (u32), root (32). SPEC-CUS-5. */
export function custodyReceiptBytes(chainId: string, set: number, root: Uint8Array): Uint8Array {
  return concatBytes(utf8(`chiron/custody-receipt/v1\0${chainId}\0`), uint32Bytes(set), root)
}

/**
 * What a keyholder signs for all batches of a group at once: `chiron/custody-group-receipt/v1`, zero, chain id, zero, set
 * (u32), size of the group (u32), RFC 9162 root over the batch roots (32). SPEC-CUS-15.
 */
export function custodyGroupReceiptBytes(chainId: string, set: number, size: number, root: Uint8Array): Uint8Array {
  return concatBytes(utf8(`chiron/custody-group-receipt/v1\0${chainId}\0`), uint32Bytes(set), uint32Bytes(size), root)
}

/** What the signature of a receipt is over, for the batch with this root; undefined where the batch is not at that place of the group. */
export function receiptSigningBytes(chainId: string, set: number, batchRoot: Uint8Array, { group }: { readonly group?: ReceiptGroup }): Uint8Array | undefined {
  if (group === undefined) return custodyReceiptBytes(chainId, set, batchRoot)
  const root = inclusionRoot(group.size, group.index, leafHash(batchRoot), group.path)
  return root && custodyGroupReceiptBytes(chainId, set, group.size, root)
}

function uint32Bytes(n: number): Uint8Array {
  requireUint32(n)
  return Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n)
}

function requireUint32(n: number): void {
  if (!Number.isInteger(n) || n < 0 || n > 0xffff_ffff) throw new ProtocolError('ERR_PROTOCOL_ENCODING', 'not an unsigned integer of 32 bits')
}

function requireLengths(salt: Uint8Array, record: Uint8Array): void {
  if (salt.length !== 16 || record.length !== 16) throw new ProtocolError('ERR_PROTOCOL_ENCODING', 'a salt and a record id have 16 bytes')
}

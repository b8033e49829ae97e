import * as v from 'valibot'
import { bytesUpTo, day, did, handle, hash32, key32, listOf, purpose, recordId, salt, signature, tag, uint, uint32 } from '../schema.ts'

/** Bits of {@link recordEntry}`.flags`. */
export const RecordFlag = {
  /** This version says that the resource was deleted; it has an envelope like any other. */
  tombstone: 1,
  /** Identifies the person (a Patient): comes with any grant, redacted to what identifies. */
  identity: 2,
  /** Directory of the network (organisations, practitioners, places): every member reads it. */
  directory: 4,
  /** Internal to the organisation that authored it. */
  internal: 8,
  /** Of no category that a grant can name (`other`): only a permit of all categories covers it. */
  uncategorised: 16,
} as const

/** First and last shifted day that a record is about, both included. */
export const recordDates = v.pipe(
  v.strictObject({ from: day, until: day }),
  v.check(({ from, until }) => from <= until),
)
export type RecordDates = v.InferOutput<typeof recordDates>

/**
 * One version of one resource. `version` counts from 1 and must follow the head. `subjects` are the handles of every
 * patient it is about, or the author's own handle for `directory` and `internal` ones. `ciphertext` is the SHA-256 of
 * the sealed envelope, `size` its length in bytes; `keyCommitment` commits to the content key, `shareRoot` to the
 * shares' commitments in the order of the keyholders. `category` and `labels` stand under the tag key of the first
 * subject; `furtherTags`, present exactly when there are several, holds those of the others in the order of `subjects`.
 * `dates` are left out where the data has none; each subject's stand under that subject's offset.
 */
export const recordEntry = v.strictObject({
  record: recordId,
  version: uint32,
  flags: uint,
  subjects: listOf(handle, 4, 1),
  category: tag,
  labels: listOf(tag, 8),
  ciphertext: hash32,
  size: uint,
  keyCommitment: hash32,
  shareRoot: hash32,
  dates: v.exactOptional(recordDates),
  furtherTags: v.exactOptional(listOf(v.strictObject({ category: tag, labels: listOf(tag, 8), dates: v.exactOptional(recordDates) }), 3, 1)),
})
export type RecordEntryMessage = v.InferOutput<typeof recordEntry>

/** Most batches that a keyholder signs for at once. */
export const MAX_RECEIPT_GROUP = 64

/** Place of a batch in a group: how many batches, which one (from 0), and its RFC 9162 inclusion path. SPEC-CUS-15. */
export const receiptGroup = v.pipe(
  v.strictObject({ size: v.pipe(uint, v.minValue(2), v.maxValue(MAX_RECEIPT_GROUP)), index: uint, path: listOf(hash32, 6, 1) }),
  v.check(({ size, index }) => index < size),
)
export type ReceiptGroup = v.InferOutput<typeof receiptGroup>

/**
 * A keyholder's signature over the batch root that it holds its shares of: see `custody.ts`; or over the root of a `group`
 * of two or more, which the batch is part of.
 */
export const custodyReceipt = v.strictObject({ keyholder: did, signature, group: v.exactOptional(receiptGroup) })
export type CustodyReceipt = v.InferOutput<typeof custodyReceipt>

/**
 * Puts record versions, all or none. The signer is the authoring organisation; `recorder` the person or the
 * organisation itself who wrote. `receipts` sign the batch root of the entries.
 */
export const recordsPut = v.strictObject({
  type: v.literal('records.put'),
  salt,
  recorder: did,
  purpose,
  entries: listOf(recordEntry, 5000, 1),
  custodySet: uint32,
  receipts: listOf(custodyReceipt, 64, 1),
})

/**
 * Changes the sensitivity labels of a record for one subject. Those that were given with its versions are the author's to
 * change, the patient's own are the patient's: neither reaches the other's. `labels` replace them, or with `change` are
 * added to them or taken off. `subject` may be left out when the record has one.
 */
export const recordsLabel = v.strictObject({
  type: v.literal('records.label'),
  salt,
  record: recordId,
  subject: v.exactOptional(handle),
  labels: listOf(tag, 8),
  change: v.exactOptional(v.picklist(['add', 'remove'])),
})

/** Keyholders of a set: position is the index of their share. */
export const keyholder = v.strictObject({
  did,
  signingKey: key32,
  agreementKey: key32,
  suite: v.picklist(['x-wing', 'x25519']),
  /** 1216 bytes for `x-wing`, 32 for `x25519`. */
  kemKey: bytesUpTo(1216),
})

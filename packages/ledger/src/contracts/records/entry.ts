import { decodeCanonical, didBytes, encodeCanonical, formatDid, schema, type Did, type Handle, type RecordId, type Tag } from '@chiron/protocol'
import * as v from 'valibot'

/** One version of one record, as it stands in the list of one of its subjects. */
export interface RecordEntry {
  readonly record: RecordId
  readonly version: number
  /** Bits of `RecordFlag`. */
  readonly flags: number
  /** The organisation. */
  readonly author: Did
  /** The person who wrote, or the organisation itself. */
  readonly recorder: Did
  /** Under the tag key of the list's handle. */
  readonly category: Tag
  /** SHA-256 of the sealed envelope, and its length in bytes. */
  readonly ciphertext: Uint8Array
  readonly size: number
  readonly keyCommitment: Uint8Array
  readonly shareRoot: Uint8Array
  /** Handles of the record's other subjects. */
  readonly others: readonly Handle[]
  /** Set of keyholders that holds the shares. */
  readonly custodySet: number
  /** Block time. */
  readonly timeMs: number
}

const did20 = schema.bytesOf(20)

/**
 * On the ledger: a canonical CBOR array in this order, DIDs as their 20 bytes, the recorder null where it is the author.
 * At most 300 bytes (SPEC-REC-2): 167 with one subject, written by the organisation itself; 20 more for a recorder, 34 for
 * each other subject.
 */
const entryTuple = v.strictTuple([
  schema.recordId,
  schema.uint32,
  schema.uint,
  did20,
  v.nullable(did20),
  schema.tag,
  schema.hash32,
  schema.uint32,
  schema.hash32,
  schema.hash32,
  v.array(schema.handle),
  schema.uint32,
  schema.timeMs,
])

export function encodeRecordEntry(entry: RecordEntry): Uint8Array {
  const { record, version, flags, author, recorder, category, ciphertext, size, keyCommitment, shareRoot, others, custodySet, timeMs } = entry
  const tuple: v.InferOutput<typeof entryTuple> = [
    record, version, flags, didBytes(author), recorder === author ? null : didBytes(recorder), category, ciphertext, size,
    keyCommitment, shareRoot, [...others], custodySet, timeMs,
  ]
  return encodeCanonical(tuple)
}

/** @throws ProtocolError as `decodeCanonical` */
export function decodeRecordEntry(bytes: Uint8Array): RecordEntry {
  const [record, version, flags, author20, recorder20, category, ciphertext, size, keyCommitment, shareRoot, others, custodySet, timeMs] =
    decodeCanonical(entryTuple, bytes)
  const author = formatDid(author20)
  const recorder = recorder20 === null ? author : formatDid(recorder20)
  return { record, version, flags, author, recorder, category, ciphertext, size, keyCommitment, shareRoot, others, custodySet, timeMs }
}

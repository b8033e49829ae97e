import {
  concatBytes, decodeCanonical, didBytes, encodeCanonical, formatDid, ProtocolError, schema,
  type Did, type Handle, type RecordDates, type RecordId, type Tag,
} from '@chiron/protocol'
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
  /** First and last shifted day that the data is about, under the offset of the list's handle; null: it has no dates. */
  readonly dates: RecordDates | null
  /** Handles of the record's other subjects. */
  readonly others: readonly Handle[]
  /** Set of keyholders that holds the shares. */
  readonly custodySet: number
  /** Block time. */
  readonly timeMs: number
}

const did20 = schema.bytesOf(20)

/**
 * Without dates: a canonical CBOR array in this order, DIDs as their 20 bytes, the recorder null where it is the author.
 * At most 300 bytes (SPEC-REC-2): 167 with one subject, written by the organisation itself; 20 more for a recorder, 34 for
 * each other subject.
 */
const undatedTuple = v.strictTuple([
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

/**
 * With dates: an array of ten, told apart by its length. What has a fixed length stands in one string (record 16, author
 * 20, category 8, ciphertext 32, key commitment 32, share root 32), other subjects in one of 32 bytes each; dates are the
 * first day and how many days follow. So it takes no more than an entry without dates may: 166 bytes for one day and one
 * subject, 298 at most.
 */
const FIXED = [16, 20, 8, 32, 32, 32] as const
const FIXED_BYTES = 140
const HANDLE_BYTES = 32
const MAX_OTHERS = 3
const datedTuple = v.strictTuple([
  schema.bytesOf(FIXED_BYTES),
  schema.uint32,
  schema.uint,
  v.nullable(did20),
  schema.uint32,
  schema.bytesUpTo(MAX_OTHERS * HANDLE_BYTES),
  schema.uint32,
  schema.timeMs,
  schema.day,
  schema.uint32,
])

/** First byte of an array of ten. */
const DATED = 0x8a

/** What an entry is on the ledger, in one of two layouts: with dates, or without. */
export function encodeRecordEntry(entry: RecordEntry): Uint8Array {
  const { record, version, flags, author, recorder, category, ciphertext, size, keyCommitment, shareRoot, dates, others, custodySet, timeMs } = entry
  const recorder20 = recorder === author ? null : didBytes(recorder)
  if (dates !== null) {
    const fixed = concatBytes(record, didBytes(author), category, ciphertext, keyCommitment, shareRoot)
    const tuple: v.InferOutput<typeof datedTuple> = [
      fixed, version, flags, recorder20, size, concatBytes(...others), custodySet, timeMs, dates.from, dates.until - dates.from,
    ]
    return encodeCanonical(tuple)
  }
  const tuple: v.InferOutput<typeof undatedTuple> = [
    record, version, flags, didBytes(author), recorder20, category, ciphertext, size, keyCommitment, shareRoot, [...others], custodySet, timeMs,
  ]
  return encodeCanonical(tuple)
}

/** @throws ProtocolError as `decodeCanonical`; `ERR_PROTOCOL_SCHEMA` for subjects cut short or days beyond 32 bits */
export function decodeRecordEntry(bytes: Uint8Array): RecordEntry {
  return bytes[0] === DATED ? decodeDated(bytes) : decodeUndated(bytes)
}

function decodeUndated(bytes: Uint8Array): RecordEntry {
  const [record, version, flags, author20, recorder20, category, ciphertext, size, keyCommitment, shareRoot, others, custodySet, timeMs] =
    decodeCanonical(undatedTuple, bytes)
  const author = formatDid(author20)
  const recorder = recorder20 === null ? author : formatDid(recorder20)
  return { record, version, flags, author, recorder, category, ciphertext, size, keyCommitment, shareRoot, dates: null, others, custodySet, timeMs }
}

function decodeDated(bytes: Uint8Array): RecordEntry {
  const [fixed, version, flags, recorder20, size, joined, custodySet, timeMs, from, days] = decodeCanonical(datedTuple, bytes)
  if (joined.length % HANDLE_BYTES !== 0 || from + days > 0xffff_ffff) throw new ProtocolError('ERR_PROTOCOL_SCHEMA', 'not a record entry')
  let at = 0
  const [record, author20, category, ciphertext, keyCommitment, shareRoot] = FIXED.map((length) => fixed.slice(at, (at += length))) as [
    RecordId, Uint8Array, Tag, Uint8Array, Uint8Array, Uint8Array,
  ]
  const others = Array.from({ length: joined.length / HANDLE_BYTES }, (_, i) => joined.slice(i * HANDLE_BYTES, (i + 1) * HANDLE_BYTES) as Handle)
  const author = formatDid(author20)
  const recorder = recorder20 === null ? author : formatDid(recorder20)
  return {
    record, version, flags, author, recorder, category, ciphertext, size, keyCommitment, shareRoot, dates: { from, until: from + days }, others, custodySet, timeMs,
  }
}

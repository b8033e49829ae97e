import { equalBytes, fromHex, schema, sha256, toHex, type Handle, type RecordId } from '@chiron/protocol'
import { decodeRecordEntry, fromBase64url, parseReceipt, verifyReceipt, type RecordEntry, type Trust } from '@chiron/ledger/proofs'
import type { CustodySet } from '@chiron/vault'
import * as v from 'valibot'
import { SdkError } from '../errors.ts'

const base64url = v.pipe(v.string(), v.transform((text) => fromBase64url(text) ?? new Uint8Array()))
const handle = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/), v.transform((text) => fromHex(text) as Handle))

/** Answer of `GET /{org}/chiron/records`. */
export const recordsAnswer = v.object({
  lists: v.array(v.object({ handle, list: v.record(v.string(), v.unknown()), subjects: v.record(v.string(), v.array(handle)) })),
  copies: v.array(v.strictTuple([v.string(), base64url])),
  custodySets: v.array(
    v.object({
      number: schema.uint,
      threshold: schema.uint,
      keyholders: v.array(v.object({ did: schema.did, signingKey: base64url, agreementKey: base64url, suite: v.picklist(['x-wing', 'x25519']), kemKey: base64url })),
    }),
  ),
})

/** One version of one record about the patient, as the proven list has it. */
export interface ChartEntry {
  readonly handle: Handle
  /** Place in the record list of the handle. */
  readonly index: number
  readonly entry: RecordEntry
  /** Handles of everybody it is about, in the order of the envelope's binding. */
  readonly subjects: readonly Handle[]
  /** Whether it is about this patient alone: then the wallet keeps a copy of its key. */
  readonly isAlone: boolean
  /** Whether it is the newest version of its record, and not a deletion. */
  readonly isNewest: boolean
}

/** Everything that the ledger has of a patient's records, proven against one signed block. */
export interface Chart {
  readonly entries: readonly ChartEntry[]
  /** Block that it is proven against, and its time. */
  readonly height: number
  readonly asOfMs: number
  /** Copies of content keys, by the envelope's hash in hexadecimal. */
  readonly copies: ReadonlyMap<string, Uint8Array>
  readonly custodySets: ReadonlyMap<number, CustodySet>
  /** The proofs of the record lists as they came, by handle in hexadecimal. */
  readonly lists: ReadonlyMap<string, unknown>
}

const TOMBSTONE = 1

/**
 * Checks every list against what is trusted; copies, order of subjects and keyholders are the node's word, and are found out
 * when keys or envelopes do not fit the list.
 * @throws ProofError; SdkError `ERR_SDK_RESPONSE` for subjects that are not those of the list, or no list at all
 */
export function readChart(answer: v.InferOutput<typeof recordsAnswer>, trust: Trust): Chart {
  const own = new Set(answer.lists.map((list) => toHex(list.handle)))
  let head: { readonly height: number; readonly timeMs: number } | undefined
  const entries = answer.lists.flatMap((given) => {
    const proven = verifyReceipt(parseReceipt(given.list), trust)
    if (proven.kind !== 'list' || proven.list !== 'records' || !equalBytes(proven.handle, given.handle)) throw new SdkError('ERR_SDK_RESPONSE', 'the proof is of another list')
    head = proven.head
    return chartEntries(given.handle, proven.entries.map(decodeRecordEntry), given.subjects, own)
  })
  if (head === undefined) throw new SdkError('ERR_SDK_RESPONSE', 'the answer holds no record list')
  return {
    entries,
    height: head.height,
    asOfMs: head.timeMs,
    copies: new Map(answer.copies),
    custodySets: new Map(answer.custodySets.map((set) => [set.number, set])),
    lists: new Map(answer.lists.map(({ handle: of, list }) => [toHex(of), list])),
  }
}

function chartEntries(of: Handle, list: readonly RecordEntry[], given: Readonly<Record<string, readonly Handle[]>>, own: ReadonlySet<string>): ChartEntry[] {
  const newest = new Map(list.map((entry, index) => [toHex(entry.record), index]))
  return list.map((entry, index) => {
    const subjects = given[index] ?? [of]
    const expected = [of, ...entry.others].map(toHex).toSorted()
    if (subjects.map(toHex).toSorted().join() !== expected.join()) throw new SdkError('ERR_SDK_RESPONSE', 'a record is about other patients than the ledger says')
    return {
      handle: of,
      index,
      entry,
      subjects,
      isAlone: entry.others.every((other) => own.has(toHex(other))),
      isNewest: newest.get(toHex(entry.record)) === index && (entry.flags & TOMBSTONE) === 0,
    }
  })
}

/** What a copy's associated data and a release name. */
export function copyOf({ entry }: ChartEntry): { readonly record: RecordId; readonly version: number; readonly ciphertext: Uint8Array } {
  return { record: entry.record, version: entry.version, ciphertext: entry.ciphertext }
}

/** @throws SdkError `ERR_SDK_RESPONSE` when the bytes are not the envelope that the ledger names */
export function checkEnvelope({ entry }: ChartEntry, envelope: Uint8Array): Uint8Array {
  if (!equalBytes(sha256(envelope), entry.ciphertext)) throw new SdkError('ERR_SDK_RESPONSE', 'the envelope is not the one on the ledger')
  return envelope
}

import { equalBytes, ProtocolError, type Handle } from '@chiron/protocol'
import {
  decodeAccessEntry, fromBase64url, parseReceipt, verifyReceipt, type AccessEntry, type Proven, type Trust,
} from '@chiron/ledger/proofs'
import * as v from 'valibot'
import { SdkError } from '../errors.ts'
import { namesFrom } from './names.ts'
import { formatRow, openingOf, type AuditFields, type OpenEntry } from './rows.ts'

const TAG_KEY_BYTES = 32

const json = v.record(v.string(), v.unknown())

/**
 * The receipt of one row, as JSON: proofs of the entry, of the entry that opened its access (for a report or a close),
 * and of the facts that name who took part; and the patient's tag key (base64url), which names the categories. SPEC-AUD-1.
 */
export const auditReceipt = v.strictObject({
  format: v.literal('chiron/audit-receipt/v1'),
  entry: json,
  opening: v.nullable(json),
  names: v.array(json),
  tagKey: v.string(),
})
export type AuditReceipt = v.InferOutput<typeof auditReceipt>

/** What the receipt of a row proves. */
export interface ProvenRow {
  readonly fields: AuditFields
  readonly handle: Handle
  readonly index: number
  /** Number of entries in the list under `stateRoot`. */
  readonly size: number
  readonly stateRoot: Uint8Array
  readonly height: number
  /** Block time of the header that it was proven against. */
  readonly asOfMs: number
  readonly timeMs: number
}

/** Proofs that several rows share, so that each is checked once. */
export type ProofCache = Map<string, Proven>

/**
 * Verifies the receipt of one row and works out the row from what was proven.
 * @throws ProofError for a proof that does not hold; SdkError `ERR_SDK_AUDIT_FORMAT`, `ERR_SDK_AUDIT_MISMATCH`
 */
export function verifyAuditReceipt(receipt: AuditReceipt, trust: Trust, cache: ProofCache = new Map()): ProvenRow {
  const proven = provenEntry(receipt.entry, trust, cache)
  const opening = receipt.opening === null ? undefined : provenEntry(receipt.opening, trust, cache)
  const facts = receipt.names.map((name) => {
    const fact = prove(name, trust, cache)
    if (fact.kind !== 'fact') throw format('a name is proven by a fact')
    return fact
  })
  const { stateRoot } = proven.head.app
  for (const other of [...facts, ...(opening === undefined ? [] : [opening])]) {
    if (!equalBytes(other.head.app.stateRoot, stateRoot)) throw mismatch('the proofs of one row are of different states')
  }
  if (opening !== undefined && !equalBytes(opening.handle, proven.handle)) throw mismatch("the opening is in another patient's list")
  const entry = readEntry(proven.entry)
  const fields = formatRow(entry, {
    names: namesFrom(facts, proven.handle),
    tagKey: readTagKey(receipt.tagKey),
    opening: openingFor(entry, opening && readEntry(opening.entry)),
  })
  const { height, timeMs: asOfMs } = proven.head
  return { fields, handle: proven.handle, index: proven.index, size: proven.size, stateRoot, height, asOfMs, timeMs: entry.timeMs }
}

/** @throws SdkError `ERR_SDK_AUDIT_FORMAT` */
export function parseAuditReceipt(value: unknown): AuditReceipt {
  const parsed = v.safeParse(auditReceipt, value)
  if (!parsed.success) throw format('not the receipt of a row')
  return parsed.output
}

function provenEntry(receipt: unknown, trust: Trust, cache: ProofCache): Extract<Proven, { kind: 'entry' }> {
  const proven = prove(receipt, trust, cache)
  if (proven.kind !== 'entry' || proven.list !== 'accesses') throw format('a row is proven by an entry of the access list')
  return proven
}

function prove(receipt: unknown, trust: Trust, cache: ProofCache): Proven {
  const key = JSON.stringify(receipt)
  const found = cache.get(key)
  if (found !== undefined) return found
  const proven = verifyReceipt(parseReceipt(receipt), trust)
  cache.set(key, proven)
  return proven
}

function openingFor(entry: AccessEntry, opening: AccessEntry | undefined): OpenEntry | undefined {
  const access = openingOf(entry)
  if (opening === undefined) {
    if (access !== undefined) throw format('the receipt lacks the opening that the entry belongs to')
    return undefined
  }
  if (access === undefined || opening.kind !== 'open' || !equalBytes(opening.access, access)) throw mismatch('the opening is of another access')
  return opening
}

function readEntry(bytes: Uint8Array): AccessEntry {
  try {
    return decodeAccessEntry(bytes)
  } catch (cause) {
    if (cause instanceof ProtocolError) throw new SdkError('ERR_SDK_AUDIT_FORMAT', 'an entry of a kind that is not known here: update the program', { cause })
    throw cause
  }
}

function readTagKey(text: string): Uint8Array {
  const bytes = fromBase64url(text)
  if (bytes?.length !== TAG_KEY_BYTES) throw format('the tag key has 32 bytes in base64url')
  return bytes
}

function format(message: string): SdkError {
  return new SdkError('ERR_SDK_AUDIT_FORMAT', message)
}

function mismatch(message: string): SdkError {
  return new SdkError('ERR_SDK_AUDIT_MISMATCH', message)
}

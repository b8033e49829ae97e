import { equalBytes, toHex } from '@chiron/protocol'
import type { Trust } from '@chiron/ledger/proofs'
import * as v from 'valibot'
import { SdkError } from '../errors.ts'
import { parseAuditReceipt, verifyAuditReceipt, type ProofCache, type ProvenRow } from './receipt.ts'
import type { AuditFields } from './rows.ts'

const rowShape = v.strictObject({
  who: v.string(),
  organisation: v.string(),
  what: v.string(),
  when: v.string(),
  purpose: v.string(),
  rule: v.string(),
  receipt: v.unknown(),
})

/** What a verified list proves: these are all entries of these handles' lists, as of a block. */
export interface ProvenList {
  readonly rows: readonly ProvenRow[]
  /** Handles in hexadecimal, each with its number of entries. */
  readonly lists: readonly { readonly handle: string; readonly size: number }[]
  readonly height: number
  readonly asOfMs: number
}

/**
 * Verifies one row: its receipt, and that it shows what the receipt proves.
 * @throws ProofError, SdkError `ERR_SDK_AUDIT_FORMAT`, `ERR_SDK_AUDIT_MISMATCH`; `number` counts from 1 and stands in messages
 */
export function verifyAuditRow(row: unknown, trust: Trust, number = 1, cache: ProofCache = new Map()): ProvenRow {
  const parsed = v.safeParse(rowShape, row)
  if (!parsed.success) throw new SdkError('ERR_SDK_AUDIT_FORMAT', `row ${number} is not a row of an access list`)
  const { receipt, ...shown } = parsed.output
  const proven = verifyAuditReceipt(parseAuditReceipt(receipt), trust, cache)
  for (const field of Object.keys(shown) as (keyof AuditFields)[]) {
    if (shown[field] !== proven.fields[field]) throw new SdkError('ERR_SDK_AUDIT_MISMATCH', `row ${number} shows another '${field}' than the ledger has`)
  }
  return proven
}

/**
 * Verifies a whole list: every row, that all are of one state, that none is missing or twice, and that the newest is first.
 * @throws ProofError, SdkError `ERR_SDK_AUDIT_FORMAT`, `ERR_SDK_AUDIT_MISMATCH`, `ERR_SDK_AUDIT_INCOMPLETE`
 */
export function verifyAuditList(rows: readonly unknown[], trust: Trust): ProvenList {
  const cache: ProofCache = new Map()
  const proven = rows.map((row, at) => verifyAuditRow(row, trust, at + 1, cache))
  const [newest] = proven
  if (newest === undefined) throw incomplete('an empty list carries no proof')
  const remaining = new Map<string, number>()
  const lists: { handle: string; size: number }[] = []
  let timeMs = Infinity
  for (const [at, row] of proven.entries()) {
    if (!equalBytes(row.stateRoot, newest.stateRoot)) throw incomplete(`row ${at + 1} is proven against another state than the first`)
    const handle = toHex(row.handle)
    if (!remaining.has(handle)) {
      remaining.set(handle, row.size)
      lists.push({ handle, size: row.size })
    }
    const expected = (remaining.get(handle) as number) - 1
    if (row.index !== expected) throw incomplete(`row ${at + 1} is entry ${row.index} of its list where entry ${expected} belongs: rows are missing, repeated or out of order`)
    if (row.timeMs > timeMs) throw incomplete(`row ${at + 1} is newer than the one before it`)
    timeMs = row.timeMs
    remaining.set(handle, expected)
  }
  const missing = [...remaining.values()].reduce((sum, left) => sum + left, 0)
  if (missing > 0) throw incomplete(`the oldest ${missing} of the ledger's entries are missing`)
  return { rows: proven, lists, height: newest.height, asOfMs: newest.asOfMs }
}

function incomplete(message: string): SdkError {
  return new SdkError('ERR_SDK_AUDIT_INCOMPLETE', message)
}

import { toHex, type Did, type Handle } from '@chiron/protocol'
import {
  decodeAccessEntry, entryReceipts, factReceipt, listReceipt, receiptToJson, toBase64url, type AccessEntry, type ProofHead, type Receipt,
} from '@chiron/ledger/proofs'
import { attestationPrefix, memberKey, namesFrom, ownerKey, type Fact } from './names.ts'
import type { AuditReceipt } from './receipt.ts'
import { formatRow, openingOf, partiesOf, type AuditFields, type OpenEntry } from './rows.ts'

/** Reads committed bytes: what the proofs are built from. */
export type ProofReader = Parameters<typeof entryReceipts>[0]

export interface AuditRow extends AuditFields {
  readonly receipt: AuditReceipt
}

/** Whose list, and with which key its categories are named. */
export interface AuditSubject {
  readonly handle: Handle
  /** 32 bytes: `patientTagKey`. */
  readonly tagKey: Uint8Array
}

/**
 * The patient's list, complete and newest first, each row with its receipt. `head` must be the reader's newest.
 * @throws ProofError `ERR_PROOF_STALE`
 */
export function buildAuditList(reader: ProofReader, head: ProofHead, { handle, tagKey }: AuditSubject): AuditRow[] {
  const entries = listReceipt(reader, head, 'accesses', handle).entries.map(decodeAccessEntry)
  const openings = new Map(entries.flatMap((entry, index) => (entry.kind === 'open' ? [[toHex(entry.access), index] as const] : [])))
  const facts = new FactBook(reader, head)
  const receiptOf = entryReceipts(reader, head, 'accesses', handle)
  const receiptAt = (index: number): Json => asJson(receiptOf(index))
  const rows = entries.map((entry, index): AuditRow => {
    const access = openingOf(entry)
    const openedAt = access === undefined ? undefined : openings.get(toHex(access))
    const opening = openedAt === undefined ? undefined : (entries[openedAt] as OpenEntry)
    const named = namedIn(reader, handle, opening ?? entry)
    const fields = formatRow(entry, { names: namesFrom(named, handle), tagKey, opening })
    const receipt: AuditReceipt = {
      format: 'chiron/audit-receipt/v1',
      entry: receiptAt(index),
      opening: openedAt === undefined ? null : receiptAt(openedAt),
      names: named.map(({ key }) => facts.receipt(key)),
      tagKey: toBase64url(tagKey),
    }
    return { ...fields, receipt }
  })
  return rows.toReversed()
}

type Json = Record<string, unknown>

/** Receipts of facts, each made once. */
class FactBook {
  readonly #made = new Map<string, Json>()
  readonly #reader: ProofReader
  readonly #head: ProofHead

  constructor(reader: ProofReader, head: ProofHead) {
    this.#reader = reader
    this.#head = head
  }

  receipt(key: Uint8Array): Json {
    const name = toHex(key)
    const made = this.#made.get(name) ?? asJson(factReceipt(this.#reader, this.#head, key))
    this.#made.set(name, made)
    return made
  }
}

/** The facts that name who takes part in an entry; those that the state does not hold are left out. */
function namedIn(reader: ProofReader, handle: Handle, entry: AccessEntry): Fact[] {
  const { people, organisations } = partiesOf(entry)
  const facts = [...organisations.map(memberKey), ownerKey(handle)].flatMap((key) => {
    const value = reader.get('facts', key)
    return value === undefined ? [] : [{ key, value }]
  })
  return [...facts, ...people.flatMap((did) => attestations(reader, did))]
}

function attestations(reader: ProofReader, did: Did): Fact[] {
  const prefix = attestationPrefix(did)
  return [...reader.range('facts', prefix, successor(prefix))].map(([key, value]) => ({ key, value }))
}

/** The first key that does not begin with `prefix`. A prefix of text never is all 0xff. */
function successor(prefix: Uint8Array): Uint8Array {
  let length = prefix.length
  while (prefix[length - 1] === 0xff) length -= 1
  const next = prefix.slice(0, length)
  next[length - 1] = (next[length - 1] as number) + 1
  return next
}

function asJson(receipt: Receipt): Json {
  return receiptToJson(receipt) as Json
}

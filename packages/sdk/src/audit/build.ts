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
export function buildAuditList(reader: ProofReader, head: ProofHead, subject: AuditSubject): AuditRow[] {
  return [...auditRows(reader, head, subject)]
}

/**
 * As {@link buildAuditList}, made row by row as they are taken, so that a long list need not be in memory whole. Of what changes
 * with the state everything is read before this returns: rows may be taken while the reader's state goes on.
 * @throws ProofError `ERR_PROOF_STALE`
 */
export function auditRows(reader: ProofReader, head: ProofHead, { handle, tagKey }: AuditSubject): Iterable<AuditRow> {
  const entries = listReceipt(reader, head, 'accesses', handle).entries.map(decodeAccessEntry)
  const openings = new Map(entries.flatMap((entry, index) => (entry.kind === 'open' ? [[toHex(entry.access), index] as const] : [])))
  const openedAt = entries.map((entry) => {
    const access = openingOf(entry)
    return access === undefined ? undefined : openings.get(toHex(access))
  })
  const names = new NameBook(reader, head, handle)
  const named = entries.map((entry, index) => names.of((entries[openedAt[index] ?? index] ?? entry) as AccessEntry))
  const receiptOf = entryReceipts(reader, head, 'accesses', handle)
  const rowAt = (index: number): AuditRow => {
    const opened = openedAt[index]
    const { facts, receipts } = named[index] as Named
    const fields = formatRow(entries[index] as AccessEntry, { names: namesFrom(facts, handle), tagKey, opening: opened === undefined ? undefined : (entries[opened] as OpenEntry) })
    const receipt: AuditReceipt = {
      format: 'chiron/audit-receipt/v1',
      entry: asJson(receiptOf(index)),
      opening: opened === undefined ? null : asJson(receiptOf(opened)),
      names: [...receipts],
      tagKey: toBase64url(tagKey),
    }
    return { ...fields, receipt }
  }
  return { [Symbol.iterator]: () => newestFirst(entries.length, rowAt) }
}

function* newestFirst(size: number, rowAt: (index: number) => AuditRow): Generator<AuditRow> {
  for (let index = size - 1; index >= 0; index--) yield rowAt(index)
}

type Json = Record<string, unknown>

interface Named {
  readonly facts: readonly Fact[]
  readonly receipts: readonly Json[]
}

/** The facts that name who takes part in entries, with their receipts; each is read and proven once. What the state does not hold is left out. */
class NameBook {
  readonly #reader: ProofReader
  readonly #head: ProofHead
  readonly #handle: Handle
  readonly #named = new Map<string, Named>()
  readonly #receipts = new Map<string, Json>()

  constructor(reader: ProofReader, head: ProofHead, handle: Handle) {
    this.#reader = reader
    this.#head = head
    this.#handle = handle
  }

  of(entry: AccessEntry): Named {
    const { people, organisations } = partiesOf(entry)
    const who = `${organisations.join()} ${people.join()}`
    const known = this.#named.get(who)
    if (known !== undefined) return known
    const single = [...organisations.map(memberKey), ownerKey(this.#handle)].flatMap((key) => {
      const value = this.#reader.get('facts', key)
      return value === undefined ? [] : [{ key, value }]
    })
    const facts = [...single, ...people.flatMap((did) => attestations(this.#reader, did))]
    const named = { facts, receipts: facts.map(({ key }) => this.#receiptOf(key)) }
    this.#named.set(who, named)
    return named
  }

  #receiptOf(key: Uint8Array): Json {
    const name = toHex(key)
    const made = this.#receipts.get(name) ?? asJson(factReceipt(this.#reader, this.#head, key))
    this.#receipts.set(name, made)
    return made
  }
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

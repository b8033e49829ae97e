import { equalBytes, type Handle } from '@chiron/protocol'
import { readHead } from '../state/head.ts'
import { listKey } from '../state/keys.ts'
import { entryPaths, readEntries, readListHead } from '../state/lists.ts'
import { decodeLogLeaf, logInclusionPath, readLogLeaf } from '../state/log.ts'
import type { ListKind } from '../state/reader.ts'
import type { KeyValueReader } from '../state/store.ts'
import { ProofError } from './errors.ts'
import { absencePath, membershipPath } from './facts.ts'
import type { ProofHead } from './header.ts'
import type { ReceiptOf } from './receipt.ts'

/**
 * Proof that a transaction is in the log. `head` may be any since its block.
 * @throws ProofError `ERR_PROOF_NOT_FOUND` if the log under `head` has no leaf at `logIndex`
 */
export function txReceipt(reader: KeyValueReader, head: ProofHead, logIndex: number): ReceiptOf<'tx'> {
  const bytes = logIndex < head.app.logSize ? readLogLeaf(reader, logIndex) : undefined
  const leaf = bytes && decodeLogLeaf(bytes)
  if (leaf?.kind !== 'tx') throw notFound('no such transaction in the log')
  const { txId, codespace, code } = leaf
  const path = logInclusionPath(reader, logIndex, head.app.logSize)
  return { kind: 'tx', ...common(head), txId, codespace, code, logIndex, path }
}

/** Proof of one entry. `head` must be the reader's newest. @throws ProofError `ERR_PROOF_NOT_FOUND`, `ERR_PROOF_STALE` */
export function entryReceipt(reader: KeyValueReader, head: ProofHead, list: ListKind, handle: Handle, index: number): ReceiptOf<'entry'> {
  return entryReceipts(reader, head, list, handle)(index)
}

/**
 * Makes proofs of the entries of one list: all of them cost little more than one, where {@link entryReceipt} for each would
 * hash the list as often as it is long. To be used while the reader's newest state is that of `head`.
 * @throws ProofError `ERR_PROOF_STALE`; the function `ERR_PROOF_NOT_FOUND`
 */
export function entryReceipts(reader: KeyValueReader, head: ProofHead, list: ListKind, handle: Handle): (index: number) => ReceiptOf<'entry'> {
  assertNewest(reader, head)
  const { size, peaks } = readListHead(reader, list, handle)
  const siblings = membershipPath(reader, listKey(list, handle))
  const pathOf = entryPaths(reader, list, handle, size)
  return (index) => {
    const [entry] = readEntries(reader, list, handle, index, index + 1)
    if (entry === undefined || siblings === undefined) throw notFound('no such entry in the list')
    return { kind: 'entry', ...common(head), list, handle, index, entry, path: pathOf(index), listHead: { size, peaks: [...peaks] }, siblings }
  }
}

/** Proof of a fact. `head` must be the reader's newest. @throws ProofError `ERR_PROOF_NOT_FOUND`, `ERR_PROOF_STALE` */
export function factReceipt(reader: KeyValueReader, head: ProofHead, key: Uint8Array): ReceiptOf<'fact'> {
  assertNewest(reader, head)
  const value = reader.get('facts', key)
  const siblings = membershipPath(reader, key)
  if (value === undefined || siblings === undefined) throw notFound('no such fact')
  return { kind: 'fact', ...common(head), key, value, siblings }
}

/** Proof that there is no fact with this key. `head` must be the reader's newest. @throws ProofError `ERR_PROOF_NOT_FOUND` if there is one, `ERR_PROOF_STALE` */
export function absenceReceipt(reader: KeyValueReader, head: ProofHead, key: Uint8Array): ReceiptOf<'absence'> {
  assertNewest(reader, head)
  const path = absencePath(reader, key)
  if (path === undefined) throw notFound('the fact is not absent')
  return { kind: 'absence', ...common(head), key, siblings: path.siblings, leaf: path.leaf ?? null }
}

/** A whole list, provably complete; also an empty one. `head` must be the reader's newest. @throws ProofError `ERR_PROOF_STALE` */
export function listReceipt(reader: KeyValueReader, head: ProofHead, list: ListKind, handle: Handle): ReceiptOf<'list'> {
  assertNewest(reader, head)
  const key = listKey(list, handle)
  const absent = absencePath(reader, key)
  const { siblings, leaf } = absent ?? { siblings: membershipPath(reader, key) ?? [], leaf: undefined }
  const entries = [...readEntries(reader, list, handle, 0, Infinity)]
  return { kind: 'list', ...common(head), list, handle, entries, siblings, leaf: leaf ?? null }
}

function common(head: ProofHead) {
  const { stateRoot, logRoot, logSize } = head.app
  const { header, signer, signature } = head.signed
  return { format: 'chiron/receipt/v1' as const, app: { stateRoot, logRoot, logSize }, signed: { header, signer, signature } }
}

/** Paths exist for the newest state only: with another head they would lead nowhere. */
function assertNewest(reader: KeyValueReader, head: ProofHead): void {
  const newest = readHead(reader)
  if (!newest || !equalBytes(newest.stateRoot, head.app.stateRoot)) {
    throw new ProofError('ERR_PROOF_STALE', 'the head is not that of the state')
  }
}

function notFound(message: string): ProofError {
  return new ProofError('ERR_PROOF_NOT_FOUND', message)
}

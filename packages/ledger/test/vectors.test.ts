import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fromHex, leafHash, toHex, verifyConsistency, verifyInclusion, type Handle, type TxId } from '@chiron/protocol'
import { ledgerVectors } from '../../../tools/vectors/ledger.ts'
import { formatVectors, vectorFolder } from '../../../tools/vectors/protocol.ts'
import { decodeReceipt, encodeReceipt, parseReceipt, parseTrust, ProofError, verifyAbsence, verifyEntry, verifyMembership, verifyReceipt } from '../src/proofs/index.ts'
import { appendHashes, EMPTY_RANGE, rangeRoot, type CompactRange } from '../src/state/compact-range.ts'
import { listKey } from '../src/state/keys.ts'
import { encodeListHead } from '../src/state/lists.ts'
import { appendToLog, logConsistencyPath, logInclusionPath, decodeLogLeaf, logLeaf, stateLeaf } from '../src/state/log.ts'
import { MemoryStore } from '../src/state/memory-store.ts'
import type { ListKind } from '../src/state/reader.ts'
import { treeChange, updateTree } from '../src/state/tree.ts'

type HexPair = readonly [string, string]
const casesOf = <T>(file: string): readonly (T & { readonly name: string })[] =>
  (JSON.parse(readFileSync(join(vectorFolder, file), 'utf8')) as { readonly cases: readonly (T & { readonly name: string })[] }).cases
const hexes = (parts: readonly Uint8Array[]): string[] => parts.map((part) => toHex(part))
const bytesOf = (parts: readonly string[]): Uint8Array[] => parts.map(fromHex)

test.each([...ledgerVectors()])('%s is what its generator writes', (file, vectors) => {
  expect(readFileSync(join(vectorFolder, file), 'utf8')).toBe(formatVectors(vectors))
})

interface TreeCase {
  readonly facts?: readonly HexPair[]
  readonly leaves?: readonly HexPair[]
  readonly root: string
  readonly batches?: readonly (readonly (readonly [string, string | null])[])[]
  readonly roots: readonly string[]
}
test.each(casesOf<TreeCase>('tree-roots.json'))('tree: $name', ({ facts, leaves, root, batches, roots }) => {
  const store = new MemoryStore()
  if (leaves) {
    const changes = leaves.map(([key, value]) => ({ keyHash: fromHex(key), valueHash: fromHex(value) }))
    expect(toHex(updateTree(store, changes).root)).toBe(root)
    return
  }
  const found = (batches ?? [facts ?? []]).map((batch) => {
    const updated = updateTree(store, batch.map(([key, value]) => treeChange(fromHex(key), value === null ? null : fromHex(value))))
    store.apply(updated.writes)
    return toHex(updated.root)
  })
  expect(found).toEqual(roots ?? [root])
})

describe('log', () => {
  const cases = casesOf<Record<string, never>>('log-transactions.json')
  const having = <T>(field: string): (T & { readonly name: string })[] => cases.filter((item) => field in item) as unknown as (T & { readonly name: string })[]
  const leafCases = having<{ txId: string; codespace: string; code: number; leaf: string }>('leaf')
  const store = new MemoryStore()
  const roots = new Map([[0, rangeRoot(EMPTY_RANGE)]])
  let frontier: CompactRange = EMPTY_RANGE
  for (const { leaf } of leafCases) {
    const grown = appendToLog(frontier, [fromHex(leaf)])
    store.apply(grown.writes)
    frontier = grown.frontier
    roots.set(frontier.size, rangeRoot(frontier))
  }
  const rootAt = (size: number): Uint8Array => roots.get(size) as Uint8Array

  test.each(leafCases)('$name', ({ txId, codespace, code, leaf }) => {
    expect(toHex(logLeaf(fromHex(txId) as TxId, codespace, code))).toBe(leaf)
    expect(decodeLogLeaf(fromHex(leaf))).toEqual({ kind: 'tx', txId: fromHex(txId), codespace, code })
  })
  test.each(having<{ height: number; timeMs: number; stateRoot: string; stateLeaf: string }>('stateLeaf'))('$name', ({ height, timeMs, stateRoot, stateLeaf: leaf }) => {
    const state = { height, timeMs, stateRoot: fromHex(stateRoot) }
    expect(toHex(stateLeaf(state))).toBe(leaf)
    expect(decodeLogLeaf(fromHex(leaf))).toEqual({ kind: 'state', ...state })
  })
  test.each(having<{ size: number; root: string }>('root'))('$name', ({ size, root }) => {
    expect(toHex(rootAt(size))).toBe(root)
  })
  test.each(having<{ index: number; size: number; path: string[] }>('index'))('$name', ({ index, size, path }) => {
    expect(hexes(logInclusionPath(store, index, size))).toEqual(path)
    expect(verifyInclusion(rootAt(size), size, index, leafHash(fromHex(leafCases[index]?.leaf as string)), bytesOf(path))).toBe(true)
  })
  test.each(having<{ first: number; second: number; path: string[] }>('first'))('$name', ({ first, second, path }) => {
    expect(hexes(logConsistencyPath(store, first, second))).toEqual(path)
    expect(verifyConsistency(first, second, rootAt(first), rootAt(second), bytesOf(path))).toBe(true)
  })
})

interface ListCase {
  readonly list: ListKind
  readonly handle: string
  readonly entries: string[]
  readonly root: string
  readonly peaks: string[]
  readonly head: HexPair | null
  readonly paths: string[][]
}
test.each(casesOf<ListCase>('lists-heads.json'))('list: $name', ({ list, handle, entries, root, peaks, head, paths }) => {
  const range = appendHashes(EMPTY_RANGE, bytesOf(entries).map(leafHash))
  expect(toHex(rangeRoot(range))).toBe(root)
  expect(hexes(range.peaks)).toEqual(peaks)
  if (head) expect([toHex(listKey(list, fromHex(handle) as Handle)), toHex(encodeListHead(range))]).toEqual(head)
  paths.forEach((path, index) => expect(verifyEntry(range, index, fromHex(entries[index] as string), bytesOf(path))).toBe(true))
})

interface FactCase {
  readonly root: string
  readonly key: string
  readonly value?: string
  readonly siblings: string[]
  readonly leaf: { readonly keyHash: string; readonly valueHash: string } | null
  readonly valid: boolean
}
test.each(casesOf<FactCase>('proofs-facts.json'))('fact: $name', ({ root, key, value, siblings, leaf, valid }) => {
  const end = leaf && { keyHash: fromHex(leaf.keyHash), valueHash: fromHex(leaf.valueHash) }
  const holds = value === undefined
    ? verifyAbsence(fromHex(root), fromHex(key), bytesOf(siblings), end)
    : verifyMembership(fromHex(root), fromHex(key), fromHex(value), bytesOf(siblings))
  expect(holds).toBe(valid)
})

interface ReceiptCase {
  readonly trust: unknown
  readonly receipt: { readonly kind: string }
  readonly cbor?: string
  readonly code?: string
}
test.each(casesOf<ReceiptCase>('proofs-receipts.json'))('receipt: $name', ({ trust, receipt, cbor, code }) => {
  const verify = () => verifyReceipt(parseReceipt(receipt), parseTrust(trust))
  if (cbor === undefined) {
    expect(verify).toThrow(expect.objectContaining({ name: ProofError.name, code }))
    return
  }
  expect(verify().kind).toBe(receipt.kind)
  expect(toHex(encodeReceipt(parseReceipt(receipt)))).toBe(cbor)
  expect(decodeReceipt(fromHex(cbor))).toEqual(parseReceipt(receipt))
})

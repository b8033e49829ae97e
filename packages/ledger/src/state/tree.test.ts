import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes, toHex } from '@chiron/protocol'
import { naiveTreeRoot } from '../../test/naive-tree.ts'
import { MemoryStore } from './memory-store.ts'
import { treeRoot, updateTree, type TreeChange } from './tree.ts'
import { Page, subtreeHash, treeLeafHash, type TreeLeaf } from './tree-page.ts'

/** Key hashes that often share long beginnings, down to the last bits, so that pages chain and collapse. */
const anyKeyHash = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })).map(([first, middle, last]) => {
  const hash = new Uint8Array(32)
  hash[0] = first * 51
  hash[9] = middle * 17
  hash[31] = last
  return hash
})
const change = fc.record({ keyHash: anyKeyHash, valueHash: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: null }) })
const batch = fc.uniqueArray(change, { maxLength: 12, comparator: (a, b) => compareBytes(a.keyHash, b.keyHash) === 0 })

function apply(store: MemoryStore, changes: readonly TreeChange[]): Uint8Array {
  const { root, writes } = updateTree(store, changes)
  store.apply(writes)
  return root
}

function pagesOf(store: MemoryStore): Record<string, string> {
  return Object.fromEntries([...store.range('tree', new Uint8Array(), undefined)].map(([key, page]) => [toHex(key), toHex(page)]))
}

function factsAfter(batches: readonly (readonly TreeChange[])[]): TreeLeaf[] {
  const facts = new Map<string, TreeLeaf>()
  for (const { keyHash, valueHash } of batches.flat()) {
    if (valueHash === null) facts.delete(toHex(keyHash))
    else facts.set(toHex(keyHash), { keyHash, valueHash })
  }
  return [...facts.values()]
}

test('the root is that of the definition after any batches of inserts, updates and deletes', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 6 }), (batches) => {
      const store = new MemoryStore()
      batches.forEach((changes, i) => {
        expect(apply(store, changes)).toEqual(naiveTreeRoot(factsAfter(batches.slice(0, i + 1))))
      })
      expect(treeRoot(store)).toEqual(naiveTreeRoot(factsAfter(batches)))
    }),
    { numRuns: 120 },
  )
})

test('the root and the stored pages depend on the facts alone, not on how they came about', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 6 }), (batches) => {
      const [slow, fresh] = [new MemoryStore(), new MemoryStore()]
      for (const changes of batches) apply(slow, changes)
      apply(fresh, factsAfter(batches))
      expect(pagesOf(slow)).toEqual(pagesOf(fresh))
    }),
    { numRuns: 120 },
  )
})

test('an empty tree hashes to zeros and stores nothing; a single leaf is the root', () => {
  const store = new MemoryStore()
  expect(treeRoot(store)).toEqual(new Uint8Array(32))
  const leaf = { keyHash: new Uint8Array(32).fill(3), valueHash: new Uint8Array(32).fill(4) }
  expect(apply(store, [leaf])).toEqual(treeLeafHash(leaf))
  expect(treeRoot(store)).toEqual(treeLeafHash(leaf))
  expect(apply(store, [{ ...leaf, valueHash: null }])).toEqual(new Uint8Array(32))
  expect(store.count('tree')).toBe(0)
})

test('deleting what is not there changes nothing', () => {
  const store = new MemoryStore()
  const leaves = [1, 2, 3].map((n) => ({ keyHash: new Uint8Array(32).fill(n), valueHash: new Uint8Array(32).fill(n) }))
  const root = apply(store, leaves)
  const before = pagesOf(store)
  expect(apply(store, [{ keyHash: new Uint8Array(32).fill(4), valueHash: null }, { keyHash: new Uint8Array(32).fill(200), valueHash: null }])).toEqual(root)
  expect(pagesOf(store)).toEqual(before)
})

test('an inner hash cannot pass for a leaf', () => {
  const leaves = [0, 255].map((n) => ({ keyHash: new Uint8Array(32).fill(n), valueHash: new Uint8Array(32) }))
  const page = new Page()
  page.setSlot(0, leaves[0])
  page.setSlot(15, leaves[1])
  const [left, right] = leaves.map(treeLeafHash) as [Uint8Array, Uint8Array]
  expect(subtreeHash(page.fold())).not.toEqual(treeLeafHash({ keyHash: left, valueHash: right }))
})

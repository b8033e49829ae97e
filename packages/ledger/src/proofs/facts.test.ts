import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256, utf8 } from '@chiron/protocol'
import { MemoryStore } from '../state/memory-store.ts'
import { treeChange, updateTree } from '../state/tree.ts'
import { treeLeafHash, treeNodeHash } from '../state/tree-page.ts'
import { absencePath, membershipPath, verifyAbsence, verifyMembership } from './facts.ts'

const numbers = fc.uniqueArray(fc.nat(200), { maxLength: 40 })
const keyOf = (n: number): Uint8Array => utf8(`fact ${n}`)
const valueOf = (n: number): Uint8Array => utf8(`value ${n}`)

function treeOf(present: readonly number[]): { store: MemoryStore; root: Uint8Array } {
  const store = new MemoryStore()
  const { root, writes } = updateTree(store, present.map((n) => treeChange(keyOf(n), valueOf(n))))
  store.apply(writes)
  return { store, root }
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at % bytes.length ? byte ^ (1 << (at % 8)) : byte))

test('what is there has a membership proof, and every change to it fails', () => {
  fc.assert(
    fc.property(numbers, fc.nat(10_000), (present, at) => {
      const { store, root } = treeOf(present)
      for (const n of present) {
        const path = membershipPath(store, keyOf(n)) as Uint8Array[]
        const [key, value] = [keyOf(n), valueOf(n)]
        expect(absencePath(store, key)).toBeUndefined()
        expect(verifyMembership(root, key, value, path)).toBe(true)
        expect(verifyMembership(flipped(root, at), key, value, path)).toBe(false)
        expect(verifyMembership(root, flipped(key, at), value, path)).toBe(false)
        expect(verifyMembership(root, key, flipped(value, at), path)).toBe(false)
        expect(verifyMembership(root, key, value, [...path, new Uint8Array(32)])).toBe(false)
        expect(verifyMembership(root, key, value, [new Uint8Array(32), ...path])).toBe(false)
        path.forEach((sibling, i) => {
          expect(verifyMembership(root, key, value, path.toSpliced(i, 1))).toBe(false)
          expect(verifyMembership(root, key, value, path.with(i, flipped(sibling, at)))).toBe(false)
        })
      }
    }),
    { numRuns: 25 },
  )
})

test('what is not there has an absence proof, what is there has none, and every change to a path fails', () => {
  fc.assert(
    fc.property(numbers, fc.nat(10_000), (present, at) => {
      const { store, root } = treeOf(present)
      for (const n of [300, 301, 302, 303].concat(present)) {
        const key = keyOf(n)
        const proof = absencePath(store, key)
        expect(proof === undefined).toBe(present.includes(n))
        expect(membershipPath(store, key) === undefined).toBe(!present.includes(n))
        if (!proof) continue
        const { siblings } = proof
        const leaf = proof.leaf ?? null
        expect(verifyAbsence(root, key, siblings, leaf)).toBe(true)
        expect(verifyAbsence(flipped(root, at), key, siblings, leaf)).toBe(false)
        expect(verifyAbsence(root, key, [...siblings, new Uint8Array(32)], leaf)).toBe(false)
        siblings.forEach((sibling, i) => {
          expect(verifyAbsence(root, key, siblings.toSpliced(i, 1), leaf)).toBe(false)
          expect(verifyAbsence(root, key, siblings.with(i, flipped(sibling, at)), leaf)).toBe(false)
        })
        if (leaf) {
          expect(verifyAbsence(root, key, siblings, null)).toBe(false)
          expect(verifyAbsence(root, key, siblings, { ...leaf, valueHash: flipped(leaf.valueHash, at) })).toBe(false)
          expect(verifyAbsence(root, key, siblings, { ...leaf, keyHash: flipped(leaf.keyHash, at) })).toBe(false)
        } else {
          expect(verifyAbsence(root, key, siblings, { keyHash: sha256(utf8('x')), valueHash: sha256(utf8('y')) })).toBe(false)
        }
      }
    }),
    { numRuns: 25 },
  )
})

test('no path makes a fact that is there look absent', () => {
  const present = Array.from({ length: 20 }, (_, n) => n)
  const { store, root } = treeOf(present)
  for (const n of present) {
    const path = membershipPath(store, keyOf(n)) as Uint8Array[]
    const leaf = { keyHash: sha256(keyOf(n)), valueHash: sha256(valueOf(n)) }
    for (let depth = 0; depth <= path.length; depth++) {
      expect(verifyAbsence(root, keyOf(n), path.slice(0, depth), leaf)).toBe(false)
      expect(verifyAbsence(root, keyOf(n), path.slice(0, depth), null)).toBe(false)
    }
    for (const other of present.filter((m) => m !== n)) {
      const otherPath = membershipPath(store, keyOf(other)) as Uint8Array[]
      const otherLeaf = { keyHash: sha256(keyOf(other)), valueHash: sha256(valueOf(other)) }
      expect(verifyAbsence(root, keyOf(n), otherPath, otherLeaf)).toBe(false)
    }
  }
})

describe('a tree that no honest node builds', () => {
  const key = utf8('the key')
  const keyHash = sha256(key)
  const topBit = (keyHash[0] as number) >> 7
  const onPath = (hash: Uint8Array, sibling: Uint8Array, bit: number): Uint8Array => (bit === 0 ? treeNodeHash(hash, sibling) : treeNodeHash(sibling, hash))

  test('proves no absence by a leaf that is not on the way to the key', () => {
    const stray = { keyHash: keyHash.with(0, (keyHash[0] as number) ^ 128), valueHash: sha256(utf8('x')) }
    const near = { keyHash: keyHash.with(31, (keyHash[31] as number) ^ 1), valueHash: sha256(utf8('x')) }
    const sibling = sha256(utf8('sibling'))
    expect(verifyAbsence(onPath(treeLeafHash(near), sibling, topBit), key, [sibling], near)).toBe(true)
    expect(verifyAbsence(onPath(treeLeafHash(stray), sibling, topBit), key, [sibling], stray)).toBe(false)
  })

  test('proves nothing deeper than a key hash has bits', () => {
    const siblings = Array.from({ length: 257 }, (_, i) => sha256(Uint8Array.of(i % 256)))
    const bitAt = (depth: number): number => (((keyHash[depth >> 3] ?? 0) >> (7 - (depth % 8))) & 1)
    let root: Uint8Array = new Uint8Array(32)
    for (let depth = 256; depth >= 0; depth--) root = onPath(root, siblings[depth] as Uint8Array, bitAt(depth))
    expect(verifyAbsence(root, key, siblings, null)).toBe(false)
  })
})

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { treeConsistency, treePath, treeRoot } from '../../../tools/vectors/protocol-reference.ts'
import { inclusionPath, leafHash, merkleRoot, verifyConsistency, verifyInclusion } from './merkle.ts'

const leavesOf = (size: number): Uint8Array[] => Array.from({ length: size }, (_, i) => Uint8Array.of(i & 255, i >> 8))
const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte))

describe('against the recursive definition of RFC 9162', () => {
  test('roots and paths of every tree up to 40 leaves', () => {
    for (let size = 0; size <= 40; size++) {
      const leaves = leavesOf(size)
      const root = merkleRoot(leaves)
      expect(root).toEqual(treeRoot(leaves))
      const hashes = leaves.map(leafHash)
      for (let index = 0; index < size; index++) expect(inclusionPath(hashes, index)).toEqual(treePath(leaves, index))
    }
  })

  test('consistency of every pair up to 24 leaves', () => {
    for (let second = 1; second <= 24; second++) {
      for (let first = 1; first <= second; first++) {
        const leaves = leavesOf(second)
        const path = treeConsistency(leaves, first)
        const roots = [merkleRoot(leaves.slice(0, first)), merkleRoot(leaves)] as const
        expect(verifyConsistency(first, second, ...roots, path)).toBe(true)
      }
    }
  })
})

test('an inclusion path proves its own leaf at its own place only', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.nat(), (size, a, b) => {
      const hashes = leavesOf(size).map(leafHash)
      const root = merkleRoot(leavesOf(size))
      const [index, other] = [a % size, b % size]
      const path = inclusionPath(hashes, index)
      const leaf = hashes[index] as Uint8Array
      expect(verifyInclusion(root, size, index, leaf, path)).toBe(true)
      if (other !== index) {
        expect(verifyInclusion(root, size, index, hashes[other] as Uint8Array, path)).toBe(false)
        expect(verifyInclusion(root, size, other, leaf, path)).toBe(false)
      }
      expect(verifyInclusion(flip(root), size, index, leaf, path)).toBe(false)
      expect(verifyInclusion(root, size, index, leaf, path.slice(1))).toBe(false)
      expect(verifyInclusion(root, size, index, leaf, [...path, leaf])).toBe(false)
    }),
  )
})

test('places that do not exist prove nothing', () => {
  const leaf = leafHash(Uint8Array.of(1))
  for (const [size, index] of [[1, 1], [0, 0], [1, -1], [1.5, 0], [2, 0.5], [Number.NaN, 0]] as const) {
    expect(verifyInclusion(leaf, size, index, leaf, [])).toBe(false)
  }
})

test('a tree that was rewritten is not consistent', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (a, b) => {
      const [first, second] = [Math.min(a, b), Math.max(a, b)]
      const leaves = leavesOf(second)
      const roots = [merkleRoot(leaves.slice(0, first)), merkleRoot(leaves)] as const
      const path = treeConsistency(leaves, first)
      expect(verifyConsistency(first, second, flip(roots[0]), roots[1], path)).toBe(false)
      expect(verifyConsistency(first, second, roots[0], flip(roots[1]), path)).toBe(false)
      expect(verifyConsistency(first, second, ...roots, [...path, roots[0]])).toBe(false)
      if (path.length > 0) expect(verifyConsistency(first, second, ...roots, path.map(flip))).toBe(false)
    }),
  )
  expect(verifyConsistency(0, 3, merkleRoot([]), merkleRoot(leavesOf(3)), [])).toBe(false)
  expect(verifyConsistency(3, 2, merkleRoot(leavesOf(3)), merkleRoot(leavesOf(2)), [])).toBe(false)
})

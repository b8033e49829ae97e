import { describe, expect, test } from 'vitest'
import { leafHash, merkleRoot, utf8, verifyConsistency, verifyInclusion } from '@chiron/protocol'
import { EMPTY_RANGE, rangeRoot, type CompactRange } from './compact-range.ts'
import { appendToLog, logConsistencyPath, logInclusionPath, logRootAt } from './log.ts'
import { MemoryStore } from './memory-store.ts'
import type { KeyValueReader } from './store.ts'

const SIZE = 64
const leaves = Array.from({ length: SIZE }, (_, i) => utf8(`leaf ${i}`))
const roots = leaves.map((_, i) => merkleRoot(leaves.slice(0, i + 1)))
const rootAt = (size: number): Uint8Array => roots[size - 1] as Uint8Array

function grow(store: MemoryStore, batches: readonly number[]): CompactRange {
  let frontier: CompactRange = EMPTY_RANGE
  for (const count of batches) {
    const grown = appendToLog(frontier, leaves.slice(frontier.size, frontier.size + count))
    store.apply(grown.writes)
    frontier = grown.frontier
  }
  return frontier
}

describe('the transaction log', () => {
  const store = new MemoryStore()
  grow(store, [1, 2, 3, 7, 20, 31])

  test('has the RFC 9162 root at every size, however it grew', () => {
    let frontier: CompactRange = EMPTY_RANGE
    expect(rangeRoot(frontier)).toEqual(merkleRoot([]))
    for (const leaf of leaves) {
      frontier = appendToLog(frontier, [leaf]).frontier
      expect(rangeRoot(frontier)).toEqual(rootAt(frontier.size))
    }
    expect(grow(new MemoryStore(), [5, 0, 59])).toEqual(frontier)
  })

  test('knows the root of every earlier size', () => {
    for (let size = 1; size <= SIZE; size++) expect(logRootAt(store, size)).toEqual(rootAt(size))
    expect(logRootAt(store, 0)).toEqual(merkleRoot([]))
  })

  test('proves the inclusion of every leaf at every size', () => {
    for (let size = 1; size <= SIZE; size++) {
      for (let index = 0; index < size; index++) {
        const path = logInclusionPath(store, index, size)
        expect(verifyInclusion(rootAt(size), size, index, leafHash(leaves[index] as Uint8Array), path)).toBe(true)
        expect(verifyInclusion(rootAt(size), size, index, leafHash(utf8('other')), path)).toBe(false)
      }
    }
  })

  test('proves consistency for all pairs of sizes, and for no other root', () => {
    for (let second = 1; second <= SIZE; second++) {
      for (let first = 1; first <= second; first++) {
        const path = logConsistencyPath(store, first, second)
        expect(verifyConsistency(first, second, rootAt(first), rootAt(second), path)).toBe(true)
        expect(verifyConsistency(first, second, leafHash(rootAt(first)), rootAt(second), path)).toBe(false)
      }
    }
  })

  test('reads O(log n) hashes for a path', () => {
    let reads = 0
    const counting: KeyValueReader = { get: (space, key) => (reads++, store.get(space, key)), range: store.range.bind(store) }
    for (let size = 1; size <= SIZE; size++) {
      for (let index = 0; index < size; index++) {
        reads = 0
        logInclusionPath(counting, index, size)
        logConsistencyPath(counting, index + 1, size)
        expect(reads).toBeLessThanOrEqual(4 * 6)
      }
    }
  })
})

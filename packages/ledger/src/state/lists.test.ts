import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCanonical, merkleRoot, ProtocolError, sha256, toHex, type Handle } from '@chiron/protocol'
import { CommittedState } from './committed.ts'
import { rangeRoot } from './compact-range.ts'
import { appendToLists, decodeListHead, readListHead, type ListAppend, type ListCounters } from './lists.ts'
import { MemoryStore } from './memory-store.ts'
import type { ListKind } from './reader.ts'

const handles = [1, 2, 3].map((n) => sha256(Uint8Array.of(n)) as Handle)
const append = fc.record({ kind: fc.constantFrom<ListKind>('records', 'accesses'), handle: fc.constantFrom(...handles), count: fc.integer({ min: 1, max: 9 }) })
const anyBlock = fc.uniqueArray(append, { maxLength: 4, selector: ({ kind, handle }) => kind + toHex(handle) })

interface Grown {
  readonly store: MemoryStore
  readonly model: Map<string, Uint8Array[]>
}

function grow(blocks: readonly (readonly { kind: ListKind; handle: Handle; count: number }[])[]): Grown {
  const store = new MemoryStore()
  const model = new Map<string, Uint8Array[]>()
  let counters: ListCounters = { entries: 0, lists: 0 }
  let n = 0
  for (const block of blocks) {
    const appends: ListAppend[] = block.map(({ kind, handle, count }) => ({ kind, handle, entries: Array.from({ length: count }, () => encodeCanonical(n++)) }))
    for (const { kind, handle, entries } of appends) model.set(kind + toHex(handle), [...(model.get(kind + toHex(handle)) ?? []), ...entries])
    const grown = appendToLists(store, appends, counters)
    counters = grown.counters
    store.apply(grown.writes)
    store.apply(grown.heads.map(([key, value]) => ({ space: 'facts', key, value })))
  }
  return { store, model }
}

test('every list reads back, in whole and in part, and its head has the RFC 9162 root', () => {
  fc.assert(
    fc.property(fc.array(anyBlock, { maxLength: 12 }), fc.nat(40), fc.nat(40), (blocks, from, length) => {
      const { store, model } = grow(blocks)
      const state = new CommittedState(store)
      for (const kind of ['records', 'accesses'] as const) {
        for (const handle of handles) {
          const expected = model.get(kind + toHex(handle)) ?? []
          expect([...state.entries(kind, handle)]).toEqual(expected)
          expect([...state.entries(kind, handle, from, from + length)]).toEqual(expected.slice(from, from + length))
          expect(state.entry(kind, handle, from)).toEqual(expected[from])
          expect(state.listSize(kind, handle)).toBe(expected.length)
          expect(rangeRoot(readListHead(store, kind, handle))).toEqual(merkleRoot(expected))
        }
      }
    }),
  )
})

test('what a block adds to a list is one run', () => {
  const handle = handles[0] as Handle
  const { store } = grow([[{ kind: 'records', handle, count: 3 }], [{ kind: 'records', handle, count: 2 }], [{ kind: 'accesses', handle, count: 1 }], [{ kind: 'records', handle, count: 1 }]])
  expect(store.count('runs')).toBe(4)
  expect(store.count('entries')).toBe(7)
})

test('a head fact is strict', () => {
  expect(() => decodeListHead(encodeCanonical({ size: 1, peaks: [new Uint8Array(31)] }))).toThrow(ProtocolError)
  expect(() => decodeListHead(encodeCanonical({ size: 1, peaks: [], more: 1 }))).toThrow(ProtocolError)
})

import { compareBytes } from '@chiron/protocol'
import type { KeyValueWrite } from '@chiron/ledger'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AheadReader } from './ahead-reader.ts'
import { MemoryStateStore } from './memory-state-store.ts'

const SPACES = ['facts', 'flat', 'runs'] as const
const anyKey = fc.uint8Array({ minLength: 1, maxLength: 2, max: 3 })
const anyWrites = fc.array(fc.record({ space: fc.constantFrom(...SPACES), key: anyKey, value: fc.option(fc.uint8Array({ maxLength: 2 })) }), { maxLength: 30 })
const anyRange = fc.record({
  space: fc.constantFrom(...SPACES),
  from: fc.uint8Array({ maxLength: 2, max: 3 }),
  to: fc.option(anyKey, { nil: undefined }),
  reverse: fc.boolean(),
  limit: fc.option(fc.nat(5), { nil: undefined }),
})

/** As a block's output: once for each key, in order. */
function asBlock(writes: readonly KeyValueWrite[]): KeyValueWrite[] {
  const last = new Map(writes.map((write) => [`${write.space} ${write.key.join()}`, write]))
  return [...last.values()].sort((a, b) => (a.space === b.space ? compareBytes(a.key, b.key) : a.space < b.space ? -1 : 1))
}

describe('AheadReader', () => {
  it('answers as the store will after the commit, before it and after it', () => {
    fc.assert(
      fc.property(anyWrites, anyWrites, fc.array(anyRange), fc.array(anyKey), (before, writes, ranges, keys) => {
        const store = new MemoryStateStore()
        const after = new MemoryStateStore()
        const block = asBlock(writes)
        store.commit(before)
        after.commit(before)
        after.commit(block)
        const ahead = new AheadReader(store, block)
        for (const isCommitted of [false, true]) {
          if (isCommitted) store.commit(block)
          for (const key of keys) for (const space of SPACES) expect(ahead.get(space, key)).toEqual(after.get(space, key))
          for (const { space, from, to, reverse, limit } of ranges) {
            const options = { reverse, ...(limit === undefined ? {} : { limit }) }
            expect([...ahead.range(space, from, to, options)]).toEqual([...after.range(space, from, to, options)])
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('hands out the arrays that will be kept, and what the store hands out where nothing is ahead', () => {
    const store = new MemoryStateStore()
    const value = Uint8Array.of(7)
    const pairs: [Uint8Array, Uint8Array][] = []
    store.range = () => pairs
    const ahead = new AheadReader(store, [{ space: 'facts', key: Uint8Array.of(1), value }])
    expect(ahead.get('facts', Uint8Array.of(1))).toBe(value)
    expect(ahead.range('facts', Uint8Array.of(2), Uint8Array.of(3))).toBe(pairs)
  })
})

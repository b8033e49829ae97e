import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes, sha256, toHex, type Handle } from '@chiron/protocol'
import { CommittedState } from './committed.ts'
import { MemoryStore } from './memory-store.ts'
import { Overlay } from './overlay.ts'
import { InvariantError } from '../runtime/errors.ts'

const handle = sha256(Uint8Array.of(1)) as Handle
const anyKey = fc.uint8Array({ minLength: 1, maxLength: 3 }).map((bytes) => bytes.map((byte) => 1 + (byte % 3)))
const anyValue = fc.uint8Array({ minLength: 1, maxLength: 2 })
const deed = fc.oneof(
  fc.record({ set: anyKey, value: anyValue }),
  fc.record({ delete: anyKey }),
  fc.record({ append: anyValue }),
)
const tx = fc.record({ deeds: fc.array(deed, { maxLength: 8 }), kept: fc.boolean() })

interface Model {
  facts: Map<string, [Uint8Array, Uint8Array]>
  list: Uint8Array[]
}

const copy = (model: Model): Model => ({ facts: new Map(model.facts), list: [...model.list] })

function assertSame(state: Overlay, model: Model, prefix: Uint8Array): void {
  const sorted = [...model.facts.values()].sort(([a], [b]) => compareBytes(a, b))
  const within = sorted.filter(([key]) => toHex(key).startsWith(toHex(prefix)))
  expect([...state.facts(prefix)]).toEqual(within)
  expect([...state.flats(prefix)]).toEqual(within)
  for (const [key, value] of sorted) {
    expect(state.fact(key)).toEqual(value)
    expect(state.flat(key)).toEqual(value)
  }
  expect(state.fact(Uint8Array.of(99))).toBeUndefined()
  expect([...state.entries('records', handle)]).toEqual(model.list)
  expect([...state.entries('records', handle, 1, 4)]).toEqual(model.list.slice(1, 4))
  expect(state.entry('records', handle, 2)).toEqual(model.list[2])
  expect(state.listSize('records', handle)).toBe(model.list.length)
}

test('block and transaction overlays agree with a map, and a dropped transaction leaves nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyKey, anyValue), { maxLength: 8 }), fc.array(tx, { maxLength: 6 }), anyKey, (committed, txs, prefix) => {
      const store = new MemoryStore()
      const model: Model = { facts: new Map(), list: [] }
      for (const [key, value] of committed) {
        store.apply([{ space: 'facts', key, value }, { space: 'flat', key, value }])
        model.facts.set(toHex(key), [key, value])
      }
      const block = new Overlay(new CommittedState(store), 'runtime')
      let expected = model
      for (const { deeds, kept } of txs) {
        const overlay = new Overlay(block, 'contract')
        const within = copy(expected)
        for (const step of deeds) {
          if ('set' in step) {
            overlay.setFact(step.set, step.value)
            overlay.setFlat(step.set, step.value)
            within.facts.set(toHex(step.set), [step.set, step.value])
          } else if ('delete' in step) {
            overlay.deleteFact(step.delete)
            overlay.deleteFlat(step.delete)
            within.facts.delete(toHex(step.delete))
          } else {
            expect(overlay.append('records', handle, step.append)).toBe(within.list.length)
            within.list.push(step.append)
          }
        }
        assertSame(overlay, within, prefix)
        if (kept) {
          overlay.commitTo(block)
          expected = within
        }
        assertSame(block, expected, prefix)
      }
    }),
  )
})

test('a range is as at the call: what it returns may be deleted on the way', () => {
  const overlay = new Overlay(new CommittedState(new MemoryStore()), 'contract')
  for (const n of [1, 2, 3]) overlay.setFact(Uint8Array.of(5, n), Uint8Array.of(n))
  const seen: number[] = []
  for (const [key, value] of overlay.facts(Uint8Array.of(5))) {
    overlay.deleteFact(key)
    overlay.setFact(Uint8Array.of(5, 9), value)
    seen.push(value[0] as number)
  }
  expect(seen).toEqual([1, 2, 3])
  expect([...overlay.facts(Uint8Array.of(5))]).toHaveLength(1)
})

test('contracts keep out of the keys of the runtime', () => {
  const overlay = new Overlay(new CommittedState(new MemoryStore()), 'contract')
  for (const reserved of [new Uint8Array(), Uint8Array.of(0), Uint8Array.of(0, 1, 2)]) {
    expect(() => overlay.setFact(reserved, reserved)).toThrow(InvariantError)
    expect(() => overlay.deleteFact(reserved)).toThrow(InvariantError)
    expect(() => overlay.setFlat(reserved, reserved)).toThrow(InvariantError)
    expect(() => overlay.deleteFlat(reserved)).toThrow(InvariantError)
  }
})

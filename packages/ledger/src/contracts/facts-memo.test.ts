import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { CommittedState, MemoryStore, Overlay, type StateReader } from '../state/index.ts'
import { rememberFacts } from './facts-memo.ts'

const key = (n: number): Uint8Array => Uint8Array.of(9, n)
const sum = (state: StateReader): string => [...state.facts(Uint8Array.of(9))].map(([at, value]) => `${at[1]}=${value[0]}`).join()

test('answers as if it remembered nothing, whatever is written, discarded and taken over', () => {
  const step = fc.record({ kind: fc.constantFrom('begin', 'set', 'delete', 'setBlock', 'take', 'drop', 'flat'), at: fc.nat(3), value: fc.nat(255) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const store = new MemoryStore()
      store.apply([{ space: 'facts', key: key(0), value: Uint8Array.of(1) }])
      const remembered = rememberFacts(() => '', sum)
      const block = new Overlay(new CommittedState(store, {}), 'runtime')
      let tx = new Overlay(block, 'contract')
      for (const { kind, at, value } of steps) {
        if (kind === 'set') tx.setFact(key(at), Uint8Array.of(value))
        else if (kind === 'delete') tx.deleteFact(key(at))
        else if (kind === 'setBlock') block.setFact(key(at), Uint8Array.of(value))
        else if (kind === 'flat') tx.setFlat(key(at), Uint8Array.of(value))
        else {
          if (kind === 'take') tx.commitTo(block)
          tx = new Overlay(block, 'contract')
        }
        for (const state of [tx, block]) expect(remembered(state)).toBe(sum(state))
      }
    }),
  )
})

test('works out once what is asked again, and always where nothing may be remembered', () => {
  let asked = 0
  const count = rememberFacts((name: string) => name, (_, name) => `${name} ${++asked}`)
  const token = {}
  const block = new Overlay(new CommittedState(new MemoryStore(), token), 'runtime')
  expect([count(block, 'a'), count(new Overlay(block, 'contract'), 'a'), count(block, 'b')]).toEqual(['a 1', 'a 1', 'b 2'])
  expect(count(new CommittedState(new MemoryStore(), {}), 'a')).toBe('a 3')
  const plain = new Overlay(new CommittedState(new MemoryStore()), 'runtime')
  plain.setFact(key(1), key(1))
  expect([count(plain, 'a'), count(plain, 'a')]).toEqual(['a 4', 'a 5'])
})

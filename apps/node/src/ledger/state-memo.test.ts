import fc from 'fast-check'
import { CommittedState, type Space, type StateReader } from '@chiron/ledger'
import { describe, expect, it } from 'vitest'
import { MemoryStateStore } from '../storage/memory-state-store.ts'
import { WatchedStore } from '../storage/watched-store.ts'
import { StateMemo } from './state-memo.ts'

const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 2 })
const write = fc.record({ space: fc.constantFrom<Space>('facts', 'flat'), key, value: fc.option(fc.uint8Array({ maxLength: 2 }), { nil: null }) })
const question = fc.record({ kind: fc.constantFrom('fact', 'facts', 'flat', 'flats', 'branch'), key })
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never

const hex = (bytes: Uint8Array | undefined): string => (bytes === undefined ? 'none' : Buffer.from(bytes).toString('hex'))
const list = (pairs: Iterable<readonly [Uint8Array, Uint8Array]>): string => [...pairs].map(([at, value]) => `${hex(at)}=${hex(value)}`).join()

function answer(state: StateReader, { kind, key: at }: Question): string {
  if (kind === 'fact') return hex(state.fact(at))
  if (kind === 'flat') return hex(state.flat(at))
  if (kind === 'facts') return list(state.facts(at))
  if (kind === 'flats') return list(state.flats(at))
  const first = state.fact(at)
  return first === undefined ? list(state.flats(at)) : hex(state.flat(first.length === 0 ? at : first))
}

function start(limit: number) {
  const store = new WatchedStore(new MemoryStateStore())
  const memo = new StateMemo(store)
  store.onCommit((writes) => memo.forget(writes))
  let computed = 0
  const ask = memo.table(limit, (asked: Question) => `${asked.kind} ${hex(asked.key)}`, (state, asked) => {
    computed += 1
    return answer(state, asked)
  })
  return { store, ask, computed: () => computed }
}

describe('state memo', () => {
  it('answers as the newest state does, whatever blocks write', () => {
    const step = fc.oneof(fc.array(write, { maxLength: 3 }).map((writes) => ({ writes })), question.map((asked) => ({ asked })))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(1, 3, 100), (steps, limit) => {
        const { store, ask } = start(limit)
        for (const each of steps) {
          if ('writes' in each) store.commit(each.writes)
          else expect(ask(each.asked)).toBe(answer(new CommittedState(store), each.asked))
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('works out again only what a block touched', () => {
    const { store, ask, computed } = start(100)
    const asked = { kind: 'facts' as const, key: Uint8Array.of(1) }
    store.commit([{ space: 'facts', key: Uint8Array.of(1, 1), value: Uint8Array.of(7) }])
    ask(asked)
    store.commit([{ space: 'flat', key: Uint8Array.of(1, 1), value: Uint8Array.of(8) }])
    ask(asked)
    expect(computed()).toBe(1)
    store.commit([{ space: 'facts', key: Uint8Array.of(1, 2), value: Uint8Array.of(9) }])
    expect(ask(asked)).toBe('0101=07,0102=09')
    expect(computed()).toBe(2)
  })

  it('begins anew at each height where nobody tells of writes', () => {
    const store = new MemoryStateStore()
    let height = 1
    const ask = new StateMemo(store, () => height).table(10, () => 'one', (state) => hex(state.fact(Uint8Array.of(1))))
    expect(ask()).toBe('none')
    store.commit([{ space: 'facts', key: Uint8Array.of(1), value: Uint8Array.of(7) }])
    height = 2
    expect(ask()).toBe('07')
  })
})

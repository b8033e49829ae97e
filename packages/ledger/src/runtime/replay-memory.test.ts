import { expect, test } from 'vitest'
import { sha256, type TxId } from '@chiron/protocol'
import { CommittedState } from '../state/committed.ts'
import { u32 } from '../state/integers.ts'
import { MemoryStore } from '../state/memory-store.ts'
import { Overlay } from '../state/overlay.ts'
import { forgetExpired, MAX_FORGOTTEN_PER_BLOCK, recall, remember } from './replay-memory.ts'

const idOf = (n: number): TxId => sha256(u32(n)) as TxId

function blockOver(store: MemoryStore, run: (state: Overlay) => void): void {
  const state = new Overlay(new CommittedState(store), 'runtime')
  run(state)
  store.apply(state.changedFlats().map(([key, value]) => ({ space: 'flat', key, value })))
}

test('a block forgets at most so many transactions, oldest first, and the next one goes on', () => {
  const store = new MemoryStore()
  const count = MAX_FORGOTTEN_PER_BLOCK + 3
  blockOver(store, (state) => {
    for (let n = 0; n < count; n++) remember(state, idOf(n), { validUntil: 1000 + n, height: 1, logIndex: n })
  })
  const left = (): number[] => Array.from({ length: count }, (_, n) => n).filter((n) => recall(new CommittedState(store), idOf(n), 1000 + n))
  blockOver(store, (state) => forgetExpired(store, state, 100_000))
  expect(left()).toEqual([count - 3, count - 2, count - 1])
  blockOver(store, (state) => forgetExpired(store, state, 1000 + count - 2))
  expect(left()).toEqual([count - 1])
  expect(store.count('flat')).toBe(1)
})

import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { appHash, encodeCanonical, merkleRoot, toHex, utf8 } from '@chiron/protocol'
import { CHAIN_ID, commitBlock, factKey, handleOf, LIST_CODE, nextBlock, START_MS, toyGenesis, toyRuntime, toyStore, toyTx } from '../../test/toy-chain.ts'
import { CommittedState } from '../state/committed.ts'
import { appHashOf, readHead } from '../state/head.ts'
import { logLeaf, stateLeaf } from '../state/log.ts'
import { MemoryStore } from '../state/memory-store.ts'
import type { KeyValueReader } from '../state/store.ts'
import { InvariantError } from './errors.ts'
import type { WiredContract } from './wiring.ts'

const runtime = toyRuntime()

function contentOf(store: MemoryStore): string[] {
  const spaces = ['facts', 'flat', 'tree', 'log', 'entries', 'runs', 'meta'] as const
  return spaces.flatMap((space) => [...store.range(space, new Uint8Array(), undefined)].map(([key, value]) => `${space} ${toHex(key)} ${toHex(value)}`))
}

const GENESIS_LEAF = (): Uint8Array => stateLeaf({ height: 0, timeMs: START_MS, stateRoot: readHead(toyStore())?.stateRoot as Uint8Array })

test('a transaction takes effect as a whole, and its result is in the log', () => {
  const store = toyStore()
  const tx = toyTx([['write', 1], ['write', 2], ['write', 4]])
  const { results, app } = commitBlock(runtime, store, [tx])
  expect(results).toMatchObject([{ txId: tx.id, codespace: '', code: 0, logIndex: 1 }])
  expect(results[0]?.events.map((event) => event.attributes)).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }])
  const state = new CommittedState(store)
  expect(state.fact(factKey(2))).toEqual(encodeCanonical(2))
  expect(state.listSize('accesses', handleOf(1))).toBe(1)
  expect([...state.entries('records', handleOf(1))]).toEqual([encodeCanonical([4, START_MS + 1000])])
  expect(app.logSize).toBe(3)
  expect(app.logRoot).toEqual(merkleRoot([GENESIS_LEAF(), logLeaf(tx.id, '', 0), stateLeaf({ height: 1, timeMs: START_MS + 1000, stateRoot: app.stateRoot })]))
})

test('a refused transaction leaves nothing but its result, and the others in the block stand', () => {
  const store = toyStore()
  const txs = [toyTx([['write', 1]]), toyTx([['write', 2], ['refuse', 3]]), toyTx([['write', 4]])]
  const { results, app } = commitBlock(runtime, store, txs)
  expect(results.map(({ codespace, code, logIndex }) => [codespace, code, logIndex])).toEqual([['', 0, 1], ['network', LIST_CODE, 2], ['', 0, 3]])
  expect(results[1]).toMatchObject({ events: [], reason: 'refused' })
  const state = new CommittedState(store)
  expect([1, 2, 3, 4].filter((n) => state.fact(factKey(n)))).toEqual([1, 4])
  expect(state.listSize('records', handleOf(2))).toBe(0)
  expect(app.logSize).toBe(5)
  const own = stateLeaf({ height: 1, timeMs: START_MS + 1000, stateRoot: app.stateRoot })
  expect(app.logRoot).toEqual(merkleRoot([GENESIS_LEAF(), ...results.map((result) => logLeaf(result.txId, result.codespace, result.code)), own]))
  expect(readHead(store)).toMatchObject({ txs: 3 })
})

test('an error that no contract names is runtime/1 and is heard of; a broken invariant stops the node', () => {
  const onUnexpected = vi.fn<(error: unknown) => void>()
  const store = toyStore()
  const { results } = commitBlock(toyRuntime({ onUnexpected }), store, [toyTx([['crash', 1]])])
  expect(results).toMatchObject([{ codespace: 'runtime', code: 1, events: [] }])
  expect(onUnexpected.mock.calls[0]?.[0]).toBeInstanceOf(TypeError)
  expect(new CommittedState(store).fact(factKey(1))).toBeUndefined()
  expect(() => nextBlock(runtime, store, [toyTx([['break', 1]])])).toThrow(InvariantError)
  expect(() => nextBlock(runtime, store, [toyTx([['trespass', 1]])])).toThrow(InvariantError)
})

test('a message that no contract takes is runtime/8', () => {
  const bare = toyRuntime({ contracts: [] })
  const store = toyStore(bare)
  expect(commitBlock(bare, store, [toyTx([['write', 1]])]).results).toMatchObject([{ codespace: 'runtime', code: 8 }])
})

test('a contract without a handler for the message does not let it pass', () => {
  const deaf: WiredContract = { name: 'network', handles: () => false, handle: () => undefined, genesis: () => undefined, invariants: () => undefined, signatures: () => [] }
  const runtimeOf = toyRuntime({ contracts: [deaf] })
  expect(commitBlock(runtimeOf, toyStore(runtimeOf), [toyTx([['write', 1]])]).results).toMatchObject([{ codespace: 'runtime', code: 8 }])
})

test('contracts have names of their own', () => {
  const named = (name: string): WiredContract => ({ name, handles: () => false, handle: () => undefined, genesis: () => undefined, invariants: () => undefined, signatures: () => [] })
  expect(() => toyRuntime({ contracts: [named('consent'), named('consent')] })).toThrow(InvariantError)
  expect(() => toyRuntime({ contracts: [named('runtime')] })).toThrow(InvariantError)
})

test('a failing store stops the node, also where a handler catches everything', () => {
  const store = toyStore()
  const failing: KeyValueReader = {
    get(space, key) {
      if (space === 'facts' && toHex(key) === toHex(utf8('unreadable'))) throw new RangeError('I/O')
      return store.get(space, key)
    },
    range: store.range.bind(store),
  }
  expect(nextBlock(runtime, store, [toyTx([['swallow', 1]])]).results).toMatchObject([{ code: 0 }])
  expect(() => nextBlock(runtime, failing, [toyTx([['swallow', 1]])])).toThrow(InvariantError)
})

test('two stores that execute the same blocks hold the same bytes', () => {
  const deed = fc.tuple(fc.constantFrom('write', 'remove', 'refuse', 'crash'), fc.nat(12))
  const block = fc.array(fc.array(deed, { minLength: 1, maxLength: 4 }), { maxLength: 5 })
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 6 }), (blocks) => {
      const [one, other] = [toyStore(), toyStore(toyRuntime())]
      for (const [i, deeds] of blocks.entries()) {
        const txs = deeds.map((messages, j) => toyTx(messages as Parameters<typeof toyTx>[0], {}, i * 100 + j))
        const first = commitBlock(runtime, one, txs)
        const second = commitBlock(toyRuntime(), other, txs)
        expect(second).toEqual(first)
        const keys = first.writes.map(({ space, key }) => `${space} ${toHex(key)}`)
        expect(keys).toEqual([...new Set(keys)].sort())
      }
      expect(contentOf(other)).toEqual(contentOf(one))
    }),
    { numRuns: 60 },
  )
})

test('executing leaves the reader as it is, and depends on nothing else', () => {
  const store = toyStore()
  commitBlock(runtime, store, [toyTx([['write', 1]])])
  const before = contentOf(store)
  const tx = toyTx([['write', 2], ['remove', 1]])
  expect(nextBlock(runtime, store, [tx])).toEqual(nextBlock(runtime, store, [tx]))
  expect(contentOf(store)).toEqual(before)
})

test('an empty block leaves the app hash unchanged and moves height and time', () => {
  const store = toyStore()
  const { app } = commitBlock(runtime, store, [toyTx([['write', 1]])])
  const empty = commitBlock(runtime, store, [], START_MS + 700_000)
  expect(appHash(empty.app)).toEqual(appHash(app))
  expect(readHead(store)).toMatchObject({ chainId: CHAIN_ID, height: 2, timeMs: START_MS + 700_000 })
  const head = readHead(store)
  expect(head && appHashOf(head)).toEqual(appHash(app))
})

test('a block must follow the newest one', () => {
  const store = toyStore()
  const block = { chainId: CHAIN_ID, height: 1, timeMs: START_MS + 1, txs: [] }
  expect(runtime.executeBlock(store, block).results).toEqual([])
  for (const change of [{ height: 2 }, { height: 0 }, { timeMs: START_MS }, { chainId: 'other-1' }]) {
    expect(() => runtime.executeBlock(store, { ...block, ...change })).toThrow(InvariantError)
  }
  expect(() => runtime.executeBlock(new MemoryStore(), block)).toThrow(InvariantError)
})

test('genesis is the same wherever it is executed, and invariants run over what is committed', () => {
  expect(toyRuntime().executeGenesis(toyGenesis)).toEqual(runtime.executeGenesis(toyGenesis))
  const store = toyStore()
  runtime.checkInvariants(store)
  store.apply([{ space: 'facts', key: utf8('toy/genesis'), value: null }])
  expect(() => runtime.checkInvariants(store)).toThrow(InvariantError)
})

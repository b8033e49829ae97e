import { describe, expect, test } from 'vitest'
import type { DecodedTx } from '@chiron/protocol'
import { CHAIN_ID, commitBlock, nextBlock, START_MS, toyRuntime, toyStore, toyTx } from '../../test/toy-chain.ts'
import { CommittedState } from '../state/committed.ts'
import { RESERVED } from '../state/keys.ts'
import { ContractError } from './errors.ts'
import { recall } from './replay-memory.ts'

const runtime = toyRuntime()
const block = { chainId: CHAIN_ID, timeMs: START_MS + 1000 }

function codeOf(tx: DecodedTx, at = block, by = runtime): number {
  try {
    by.checkTx(toyStore(), tx, at)
    return 0
  } catch (error) {
    if (error instanceof ContractError && error.codespace === 'runtime') return error.code
    throw error
  }
}

const forged = (tx: DecodedTx): DecodedTx => ({ ...tx, signature: tx.signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte)) })

describe('checkTx', () => {
  const at = (validUntil: number): DecodedTx => toyTx([['write', 1]], { validUntil })

  test.each([
    ['a good one', toyTx([['write', 1]]), 0],
    ['another chain', toyTx([['write', 1]], { chainId: 'toy-2' }), 2],
    ['expired', at(block.timeMs), 3],
    ['about to expire', at(block.timeMs + 1), 0],
    ['as far ahead as may be', at(block.timeMs + 600_000), 0],
    ['too far ahead', at(block.timeMs + 600_001), 4],
    ['an unknown key', toyTx([['write', 1]], { keyId: 'k2' }), 6],
    ['a false signature', forged(toyTx([['write', 1]])), 7],
  ])('%s', (_name, tx, code) => {
    expect(codeOf(tx)).toBe(code)
  })

  test('a parameter shortens the lifetime and cannot lengthen it', () => {
    expect(codeOf(at(block.timeMs + 2000), block, toyRuntime({ maxTxLifetimeMs: 2000 }))).toBe(0)
    expect(codeOf(at(block.timeMs + 2001), block, toyRuntime({ maxTxLifetimeMs: 2000 }))).toBe(4)
    expect(codeOf(at(block.timeMs + 600_001), block, toyRuntime({ maxTxLifetimeMs: 900_000 }))).toBe(4)
  })
})

describe('replay', () => {
  test('is refused until validUntil: twice in a block, in a later block, and of a failed transaction', () => {
    const store = toyStore()
    const [good, failed] = [toyTx([['write', 1]]), toyTx([['refuse', 2]])]
    const first = commitBlock(runtime, store, [good, good, failed])
    expect(first.results.map(({ code }) => code)).toEqual([0, 5, 7])
    expect(recall(new CommittedState(store), good.id, good.body.validUntil)).toEqual({ validUntil: START_MS + 60_000, height: 1, logIndex: 1 })
    expect(recall(new CommittedState(store), failed.id, failed.body.validUntil)).toMatchObject({ logIndex: 3 })
    for (const timeMs of [START_MS + 5000, START_MS + 59_999]) {
      expect(nextBlock(runtime, store, [good, failed], timeMs).results.map(({ codespace, code }) => [codespace, code])).toEqual([['runtime', 5], ['runtime', 5]])
      expect(() => runtime.checkTx(store, good, { chainId: CHAIN_ID, timeMs })).toThrow(ContractError)
    }
    expect(nextBlock(runtime, store, [good], START_MS + 60_000).results).toMatchObject([{ codespace: 'runtime', code: 3 }])
  })

  test('a copy with a false signature does not shut out the true one', () => {
    const store = toyStore()
    const tx = toyTx([['write', 1]])
    expect(commitBlock(runtime, store, [forged(tx), tx]).results.map(({ code }) => code)).toEqual([7, 0])
    const other = toyTx([['write', 2]])
    commitBlock(runtime, store, [forged(other)])
    expect(recall(new CommittedState(store), other.id, other.body.validUntil)).toBeUndefined()
    expect(commitBlock(runtime, store, [other]).results).toMatchObject([{ code: 0 }])
  })

  test('memory is forgotten once block time has reached validUntil, and not before', () => {
    const store = toyStore()
    const memory = (): number => [...new CommittedState(store).flats(Uint8Array.of(RESERVED, 2))].length
    const short = toyTx([['write', 1]], { validUntil: START_MS + 10_000 })
    commitBlock(runtime, store, [short, toyTx([['write', 2]])])
    expect(memory()).toBe(2)
    commitBlock(runtime, store, [], START_MS + 9999)
    expect(memory()).toBe(2)
    commitBlock(runtime, store, [], START_MS + 10_000)
    expect(memory()).toBe(1)
    expect(recall(new CommittedState(store), short.id, short.body.validUntil)).toBeUndefined()
    commitBlock(runtime, store, [], START_MS + 60_000)
    expect(memory()).toBe(0)
  })
})

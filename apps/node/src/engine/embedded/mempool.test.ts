import { decodeTx } from '@chiron/protocol'
import { describe, expect, it } from 'vitest'
import { testTx } from '../../../test/counting-ledger.ts'
import { Mempool, MEMPOOL_LIMITS, type MempoolLimits, type Pending } from './mempool.ts'

function filled(limits: Partial<MempoolLimits>, count: number): { pool: Mempool; add: () => Uint8Array } {
  const pool = new Mempool({ ...MEMPOOL_LIMITS, ...limits })
  const add = (): Uint8Array => {
    const bytes = testTx(1_000).slice()
    pool.admit(pool.add(decodeTx(bytes), bytes))
    return bytes
  }
  for (let n = 0; n < count; n++) add()
  return { pool, add }
}

const busy = expect.objectContaining({ code: 'ERR_ENGINE_BUSY' })

describe('Mempool', () => {
  it('bounds how many wait, those in a block included, until they are settled', () => {
    const { pool, add } = filled({ waitingTxs: 3 }, 3)
    expect(add).toThrow(busy)
    const taken = pool.take(0)
    expect(taken).toHaveLength(3)
    expect(add).toThrow(busy)
    for (const pending of taken) pool.settle(pending)
    expect(add).not.toThrow()
  })

  it('bounds the bytes that wait', () => {
    const size = testTx(1_000).length
    const { add } = filled({ waitingBytes: size * 2 }, 2)
    expect(add).toThrow(busy)
  })

  it('fills blocks in order of arrival, up to their bounds', () => {
    const size = testTx(1_000).length
    expect(filled({ blockTxs: 2 }, 5).pool.take(0)).toHaveLength(2)
    const { pool } = filled({ blockBytes: size * 3 }, 5)
    expect(pool.take(0)).toHaveLength(3)
    expect(pool.take(0)).toHaveLength(2)
    expect(pool.waiting).toBe(0)
    expect(filled({ blockBytes: 1 }, 2).pool.take(0)).toHaveLength(1)
  })

  it('keeps the order of arrival while signatures are verified, and lets one of two signatures in', async () => {
    const pool = new Mempool(MEMPOOL_LIMITS)
    const [first, second] = [testTx(1_000).slice(), testTx(1_000).slice()].map((bytes) => pool.add(decodeTx(bytes), bytes)) as [Pending, Pending]
    const twin = pool.add({ ...first.tx, signature: second.tx.signature }, first.bytes)
    pool.admit(second)
    expect(pool.isReady).toBe(false)
    expect(pool.take(0)).toEqual([])
    pool.admit(first)
    expect(() => pool.admit(twin)).toThrow(busy)
    pool.refuse(twin, new TypeError('refused'))
    await expect(twin.committed).rejects.toThrow('refused')
    expect(pool.take(0)).toEqual([first, second])
  })

  it('rejects the expired and what waits at the end', async () => {
    const { pool, add } = filled({}, 0)
    const bytes = add()
    const pending = pool.find(decodeTx(bytes))
    expect(pool.take(1_000)).toEqual([])
    await expect(pending?.committed).rejects.toMatchObject({ code: 'ERR_ENGINE_TX_INVALID' })
    expect(pool.find(decodeTx(bytes))).toBeUndefined()
  })
})

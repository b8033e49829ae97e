import { keyCommitment, shareCommitment, type RecordId } from '@chiron/protocol'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { present } from '../testing/index.ts'
import { combineShares, isCommittedShare, SHARE_BYTES, splitKey, type KeyCommitments, type KeyShare } from './shares.ts'

const record = new Uint8Array(16).fill(1) as RecordId
const salt = new Uint8Array(16).fill(2)

function commit(shares: readonly KeyShare[], threshold: number, key: Uint8Array): KeyCommitments {
  return { record, salt, threshold, shares: shares.map((share) => shareCommitment(record, salt, share.index, share.bytes)), key: keyCommitment(record, salt, key) }
}

const sizes = fc.integer({ min: 1, max: 9 }).chain((n) => fc.record({ n: fc.constant(n), t: fc.integer({ min: 1, max: n }) }))
const aKey = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('key shares', () => {
  it('any threshold of them give the key', async () => {
    await fc.assert(fc.asyncProperty(sizes, aKey, fc.infiniteStream(fc.nat()), async ({ n, t }, key, order) => {
      const shares = await splitKey(key, n, t)
      expect(shares.map((share) => [share.index, share.bytes.length])).toEqual(shares.map((_, i) => [i, SHARE_BYTES]))
      const some = [...shares].map((share) => ({ share, at: order.next().value })).sort((a, b) => a.at - b.at).slice(0, t).map(({ share }) => share)
      expect(await combineShares(commit(shares, t, key), some)).toEqual({ key, wrong: [] })
    }), { numRuns: 60 })
  })

  it('name every keyholder whose share was changed, and give the key all the same while enough are good', async () => {
    await fc.assert(fc.asyncProperty(sizes, aKey, fc.array(fc.nat(8)), fc.nat(SHARE_BYTES - 1), fc.integer({ min: 1, max: 255 }), async ({ n, t }, key, bad, at, change) => {
      const shares = await splitKey(key, n, t)
      const commitments = commit(shares, t, key)
      const wrong = shares.map((share) => share.index).filter((index) => bad.includes(index))
      const sent = shares.map(({ index, bytes }) => ({ index, bytes: bytes.map((byte, i) => (i === at && wrong.includes(index) ? byte ^ change : byte)) }))
      if (n - wrong.length >= t) expect(await combineShares(commitments, sent)).toEqual({ key, wrong })
      else await expect(combineShares(commitments, sent)).rejects.toMatchObject({ code: 'ERR_VAULT_SHARE_INVALID', context: { keyholders: wrong } })
    }), { numRuns: 60 })
  })

  it('name the dealer when good shares give another key', async () => {
    for (const [n, t] of [[1, 1], [4, 2], [7, 3]] as const) {
      const shares = await splitKey(new Uint8Array(32).fill(5), n, t)
      await expect(combineShares(commit(shares, t, new Uint8Array(32).fill(6)), shares)).rejects.toMatchObject({ code: 'ERR_VAULT_DEALER' })
    }
    const twice = (await splitKey(new Uint8Array(32), 2, 2)).map((share, index, all) => ({ index, bytes: (all[0] ?? share).bytes }))
    await expect(combineShares(commit(twice, 2, new Uint8Array(32)), twice)).rejects.toMatchObject({ code: 'ERR_VAULT_DEALER' })
  })

  it('say when too few have answered, and count nobody twice', async () => {
    const key = new Uint8Array(32).fill(5)
    const shares = await splitKey(key, 4, 2)
    const commitments = commit(shares, 2, key)
    await expect(combineShares(commitments, [])).rejects.toMatchObject({ code: 'ERR_VAULT_SHARES_MISSING' })
    await expect(combineShares(commitments, [present(shares[1]), present(shares[1])])).rejects.toMatchObject({ code: 'ERR_VAULT_SHARES_MISSING', context: { good: 1, needed: 2 } })
    await expect(combineShares(commitments, [present(shares[1]), { index: 9, bytes: present(shares[2]).bytes }])).rejects.toMatchObject({ code: 'ERR_VAULT_SHARE_INVALID', context: { keyholders: [9] } })
  })

  it('bind a share to its index, record and salt', async () => {
    const [first] = await splitKey(new Uint8Array(32), 2, 2)
    const commitment = shareCommitment(record, salt, 0, present(first).bytes)
    expect(isCommittedShare(record, salt, present(first), commitment)).toBe(true)
    expect(isCommittedShare(record, salt, { ...present(first), index: 1 }, commitment)).toBe(false)
    expect(isCommittedShare(new Uint8Array(16) as RecordId, salt, present(first), commitment)).toBe(false)
    expect(isCommittedShare(record, new Uint8Array(16), present(first), commitment)).toBe(false)
  })

  it('refuse impossible numbers', async () => {
    for (const [n, t] of [[0, 0], [1, 0], [1, 2], [65, 2], [2, 1.5]] as const) {
      await expect(splitKey(new Uint8Array(32), n, t)).rejects.toMatchObject({ code: 'ERR_VAULT_PARAMETERS' })
    }
    await expect(splitKey(new Uint8Array(31), 2, 2)).rejects.toMatchObject({ code: 'ERR_VAULT_PARAMETERS' })
  })
})

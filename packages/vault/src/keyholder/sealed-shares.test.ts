import { sha256, utf8, type RecordId } from '@chiron/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { webRandom } from '../random.ts'
import { testIdentity, present } from '../testing/index.ts'
import { MemoryEpochKeyStore, MemoryShareStore } from './memory.ts'
import type { PendingShare, ShareKey, StoredShare } from './ports.ts'
import { MAX_EPOCH_SHARES, SealedShares, type ShareContent } from './sealed-shares.ts'

const owner = { chainId: 'chiron-test', keyholder: testIdentity('keyholder').did }

function shareOf(n: number): PendingShare & ShareContent {
  const bytes = sha256(utf8(`share ${n}`))
  return {
    record: bytes.slice(0, 16) as RecordId, version: 1, shareRoot: sha256(bytes), validUntil: 1000, ciphertext: bytes,
    share: new Uint8Array(33).fill(n), set: 1, index: n % 4, commitments: new Uint8Array(128).fill(n),
  }
}

function contentOf({ share, set, index, commitments }: ShareContent): ShareContent {
  return { share, set, index, commitments }
}

describe('sealed shares', () => {
  let store: MemoryShareStore
  let keys: MemoryEpochKeyStore
  let shares: SealedShares
  const reopen = async (): Promise<SealedShares> => SealedShares.open(owner, { store, keys, random: webRandom })
  const all = Array.from({ length: 6 }, (_, n) => shareOf(n))

  beforeEach(async () => {
    store = new MemoryShareStore()
    keys = new MemoryEpochKeyStore()
    shares = await reopen()
    await shares.add(all)
  })

  it('gives back what was added, after a restart too', async () => {
    shares = await reopen()
    for (const share of all) expect(await shares.find(share)).toEqual(contentOf(share))
    expect(await shares.find(shareOf(99))).toBeUndefined()
    expect(await keys.list()).toEqual([1])
  })

  it('never stores a share in the clear, nor twice the same bytes', async () => {
    const before = present(store.get(present(all[0]))).sealed
    expect(before.join()).not.toContain(present(all[0]).share.join())
    await shares.add([present(all[0])])
    expect(present(store.get(present(all[0]))).sealed).not.toEqual(before)
  })

  it('notices a changed bit, and a share put in the place of another', async () => {
    store.corrupt(present(all[0]), 20)
    const swapped: StoredShare = { ...present(store.get(present(all[1]))), record: present(all[2]).record, shareRoot: present(all[2]).shareRoot }
    await store.reseal([], [swapped])
    for (const key of [present(all[0]), present(all[2])]) await expect(shares.find(key)).rejects.toMatchObject({ code: 'ERR_VAULT_STORE_CORRUPT', context: { keyholder: owner.keyholder } })
  })

  it('destroys for good: old bytes with all remaining keys give nothing, the rest lives on', async () => {
    const before = all.map((share) => present(store.get(share)))
    expect(await shares.destroy(all.slice(0, 2))).toEqual({ destroyed: 2, resealed: 4, lost: [] })
    expect(await keys.list()).toEqual([2])
    for (const share of all.slice(2)) expect(await shares.find(share)).toEqual(contentOf(share))
    expect(await shares.find(present(all[0]))).toBeUndefined()
    await store.reseal([], before)
    shares = await reopen()
    for (const share of all) await expect(shares.find(share)).rejects.toMatchObject({ code: 'ERR_VAULT_EPOCH_KEY' })
  })

  it('destroys nothing of other epochs', async () => {
    const many = Array.from({ length: MAX_EPOCH_SHARES }, (_, n) => shareOf(1000 + n))
    await shares.add(many)
    expect(store.epochs()).toEqual([1, 2])
    const untouched = present(many.at(-1))
    const sealed = present(store.get(untouched)).sealed
    const { resealed } = await shares.destroy([present(all[0])])
    expect(resealed).toBe(MAX_EPOCH_SHARES - 1)
    expect(present(store.get(untouched)).sealed).toEqual(sealed)
    expect((await keys.list()).toSorted()).toEqual([2, 3])
  })

  it('reports survivors that were damaged before', async () => {
    store.corrupt(present(all[3]), 20)
    const { lost } = await shares.destroy([present(all[0])])
    expect(lost.map((key) => key.record)).toEqual([present(all[3]).record])
    expect(await shares.find(present(all[3]))).toBeUndefined()
    expect(await keys.list()).toEqual([2])
  })

  it('destroys nothing when an epoch key cannot be read', async () => {
    await keys.destroy(1)
    shares = await reopen()
    await expect(shares.destroy([present(all[0])])).rejects.toMatchObject({ code: 'ERR_VAULT_EPOCH_KEY' })
    expect(store.countEpoch(1)).toBe(6)
  })

  it.each(['put', 'reseal', 'destroy'] as const)('is whole after a crash at %s', async (step) => {
    const crash = async (): Promise<never> => {
      throw new RangeError('power lost')
    }
    const failing = { store, keys }
    if (step === 'reseal') failing.store = Object.assign(Object.create(store) as MemoryShareStore, delegate(store), { reseal: crash })
    else failing.keys = Object.assign(Object.create(keys) as MemoryEpochKeyStore, delegate(keys), { [step]: crash })
    const crashing = await SealedShares.open(owner, { store: failing.store, keys: failing.keys, random: webRandom })
    await expect(crashing.destroy([present(all[0])])).rejects.toThrow('power lost')
    shares = await reopen()
    const done = step === 'destroy'
    expect(await shares.find(present(all[0]))).toEqual(done ? undefined : contentOf(present(all[0])))
    for (const share of all.slice(1)) expect(await shares.find(share)).toEqual(contentOf(share))
    if (done) expect(await keys.list()).toEqual([2])
    await shares.destroy([present(all[0])])
    expect(await shares.find(present(all[0]))).toBeUndefined()
    expect(await keys.list()).not.toContain(1)
    await shares.add([shareOf(50)])
    expect(await shares.find(shareOf(50))).toEqual(contentOf(shareOf(50)))
  })

  it('adds, finds and destroys at the same time', async () => {
    const added = Array.from({ length: 20 }, (_, n) => shareOf(100 + n))
    const survivors: ShareKey[] = all.slice(3)
    const [, , ...found] = await Promise.all([
      shares.destroy(all.slice(0, 3)),
      Promise.all(added.map((share) => shares.add([share]))),
      ...survivors.map((key) => shares.find(key)),
    ])
    expect(found.every((content) => content !== undefined)).toBe(true)
    for (const share of [...added, ...all.slice(3)]) expect(await shares.find(share)).toEqual(contentOf(share))
    expect((await keys.list()).toSorted()).toEqual(store.epochs())
  })
})

/** The methods of an object with private fields, bound to it. */
function delegate(target: object): Record<string, unknown> {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(target)).filter((name) => name !== 'constructor')
  return Object.fromEntries(names.map((name) => {
    const method: unknown = Reflect.get(target, name)
    return [name, typeof method === 'function' ? method.bind(target) : method]
  }))
}

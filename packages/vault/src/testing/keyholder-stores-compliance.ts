import { leafHash, sha256, utf8, type RecordId } from '@chiron/protocol'
import { present } from './bytes.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { extendFrontier } from '../keyholder/release-log.ts'
import type { EpochKeyStore, LogFrontier, PendingShare, ReleaseLogStore, ShareStore, StoredShare } from '../keyholder/ports.ts'

/** The stores of one keyholder, as a driver's tests give them to the suite for every test anew. */
export interface KeyholderStoresUnderTest {
  readonly shares: ShareStore
  readonly epochKeys: EpochKeyStore
  readonly log: ReleaseLogStore
  /** The same stores as after a restart; absent where nothing survives one. */
  reopen?(): Promise<KeyholderStoresUnderTest>
  close(): Promise<void>
}

function shareOf(n: number, epoch: number, options: { version?: number; dealer?: string; validUntil?: number } = {}): StoredShare & PendingShare {
  return {
    record: sha256(utf8(`record ${n}`)).slice(0, 16) as RecordId,
    version: options.version ?? 1,
    shareRoot: sha256(utf8(`${options.dealer ?? 'dealer'} ${n}`)),
    epoch,
    sealed: sha256(utf8(`sealed ${n} ${epoch}`)),
    validUntil: options.validUntil ?? 1000,
    ciphertext: sha256(utf8(`ciphertext ${n}`)),
  }
}

function stored({ record, version, shareRoot, epoch, sealed }: StoredShare): StoredShare {
  return { record, version, shareRoot, epoch, sealed }
}

function bySealed(a: StoredShare, b: StoredShare): number {
  return a.sealed.join() < b.sealed.join() ? -1 : 1
}

/** The compliance suite of a keyholder's stores: run it on every driver. */
export function keyholderStoresCompliance(name: string, make: () => Promise<KeyholderStoresUnderTest>): void {
  describe(`keyholder stores: ${name}`, () => {
    const opened: KeyholderStoresUnderTest[] = []
    const open = async (): Promise<KeyholderStoresUnderTest> => {
      const made = await make()
      opened.push(made)
      return made
    }
    const again = async (under: KeyholderStoresUnderTest): Promise<KeyholderStoresUnderTest> => {
      if (!under.reopen) return under
      const reopened = await under.reopen()
      opened.push(reopened)
      return reopened
    }
    afterEach(async () => {
      for (const made of opened.splice(0).reverse()) await made.close()
    })

    it('keeps shares under record, version and share root, over a restart', async () => {
      const under = await open()
      const shares = [shareOf(1, 1), shareOf(1, 1, { dealer: 'other' }), shareOf(1, 1, { version: 2 }), shareOf(2, 2)]
      await under.shares.add(shares)
      const { shares: store } = await again(under)
      for (const share of shares) expect(store.get(share)).toEqual(stored(share))
      expect(store.get(shareOf(3, 1))).toBeUndefined()
      expect([...store.ofVersion(present(shares[0]).record, 1)].sort(bySealed)).toEqual([present(shares[0]), present(shares[1])].map(stored).sort(bySealed))
      expect([...store.epochs()]).toEqual([1, 2])
      expect([store.countEpoch(1), store.countEpoch(2), store.countEpoch(3)]).toEqual([3, 1, 0])
      expect(store.ofEpoch(2)).toEqual([stored(present(shares[3]))])
    })

    it('replaces a share that is added again, in its new epoch only', async () => {
      const { shares: store } = await open()
      await store.add([shareOf(1, 1)])
      await store.add([shareOf(1, 2, { validUntil: 2000 })])
      expect(store.get(shareOf(1, 2))).toEqual(stored(shareOf(1, 2)))
      expect([...store.epochs()]).toEqual([2])
      expect(store.pendingBefore(9999, 10).map((share) => share.validUntil)).toEqual([2000])
    })

    it('removes some and re-seals others at once', async () => {
      const under = await open()
      await under.shares.add([shareOf(1, 1), shareOf(2, 1), shareOf(3, 1)])
      await under.shares.reseal([shareOf(1, 1)], [shareOf(2, 2), shareOf(3, 2)].map(stored))
      const { shares: store } = await again(under)
      expect(store.get(shareOf(1, 1))).toBeUndefined()
      expect(store.get(shareOf(2, 1))).toEqual(stored(shareOf(2, 2)))
      expect([...store.epochs()]).toEqual([2])
      expect(store.pendingBefore(9999, 10)).toHaveLength(2)
    })

    it('lists pending shares by time, and forgets settled ones', async () => {
      const under = await open()
      await under.shares.add([shareOf(1, 1, { validUntil: 3000 }), shareOf(2, 1, { validUntil: 1000 }), shareOf(3, 1, { validUntil: 2000 })])
      expect(under.shares.pendingBefore(1000, 10)).toEqual([])
      expect(under.shares.pendingBefore(3000, 10).map((share) => share.validUntil)).toEqual([1000, 2000])
      expect(under.shares.pendingBefore(9999, 1).map((share) => share.validUntil)).toEqual([1000])
      const [first] = under.shares.pendingBefore(9999, 1)
      const { record, version, shareRoot, validUntil, ciphertext } = shareOf(2, 1, { validUntil: 1000 })
      expect(first).toEqual({ record, version, shareRoot, validUntil, ciphertext })
      await under.shares.settle([present(first)])
      const { shares: store } = await again(under)
      expect(store.pendingBefore(9999, 10).map((share) => share.validUntil)).toEqual([2000, 3000])
      expect(store.get(present(first))).toBeDefined()
    })

    it('keeps epoch keys, never replaces one, and destroys them for good', async () => {
      const under = await open()
      await under.epochKeys.put(1, sha256(utf8('one')))
      await under.epochKeys.put(2, sha256(utf8('two')))
      await under.epochKeys.put(1, sha256(utf8('another')))
      await under.epochKeys.destroy(2)
      await under.epochKeys.destroy(2)
      const { epochKeys } = await again(under)
      expect([...(await epochKeys.list())]).toEqual([1])
      expect(await epochKeys.get(1)).toEqual(sha256(utf8('one')))
      expect(await epochKeys.get(2)).toBeUndefined()
    })

    it('appends to the release log', async () => {
      const under = await open()
      expect(under.log.frontier()).toEqual({ size: 0, hashes: [] })
      const entries = [utf8('first'), utf8('second'), utf8('third')]
      let frontier: LogFrontier = { size: 0, hashes: [] }
      for (const entry of entries) {
        frontier = extendFrontier(frontier, leafHash(entry))
        await under.log.append(entry, frontier)
      }
      const { log } = await again(under)
      expect(log.frontier()).toEqual(frontier)
      expect([...log.entries(0, 3)]).toEqual(entries)
      expect([...log.entries(1, 2)]).toEqual([entries[1]])
    })
  })
}

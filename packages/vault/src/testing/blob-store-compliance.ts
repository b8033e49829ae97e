import { concatBytes, sha256, toHex, utf8 } from '@chiron/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import type { Blob, BlobInfo, BlobStore } from '../blobs/port.ts'

/** What a driver's tests give to the suite for every test anew. */
export interface BlobStoreUnderTest {
  readonly store: BlobStore
  /** A store over the same bytes, as after a restart; absent where nothing survives one. */
  reopen?(): Promise<BlobStore>
  /** Changes one stored byte of a blob behind the store's back. */
  corrupt(hash: Uint8Array): Promise<void>
  /** All bytes that the driver keeps, anywhere: what deleting must leave nothing in. */
  rawBytes?(): Promise<Uint8Array>
  close(): Promise<void>
}

function blobOf(text: string, size = 0): Blob {
  const bytes = concatBytes(utf8(text), new Uint8Array(size).map((_, i) => i & 0xff))
  return { hash: sha256(bytes), bytes }
}

async function listed(store: BlobStore): Promise<BlobInfo[]> {
  const infos: BlobInfo[] = []
  for await (const info of store.list()) infos.push(info)
  return infos.sort((a, b) => (toHex(a.hash) < toHex(b.hash) ? -1 : 1))
}

function contains(haystack: Uint8Array, needle: Uint8Array): boolean {
  return toHex(haystack).includes(toHex(needle))
}

/** The compliance suite of {@link BlobStore}: run it on every driver. SPEC-BLOB-1. */
export function blobStoreCompliance(name: string, make: () => Promise<BlobStoreUnderTest>): void {
  describe(`blob store: ${name}`, () => {
    const opened: BlobStoreUnderTest[] = []
    const open = async (): Promise<BlobStoreUnderTest> => {
      const made = await make()
      opened.push(made)
      return made
    }
    afterEach(async () => {
      for (const made of opened.splice(0)) await made.close()
    })

    it('gives back what was put, and nothing for what was not', async () => {
      const { store } = await open()
      const blobs = [blobOf('a'), blobOf('b', 100_000), blobOf('')]
      await store.putMany(blobs)
      for (const { hash, bytes } of blobs) {
        expect(await store.get(hash)).toEqual(bytes)
        expect(await store.has(hash)).toBe(true)
      }
      expect(await store.get(sha256(utf8('absent')))).toBeUndefined()
      expect(await store.has(sha256(utf8('absent')))).toBe(false)
      await store.putMany([])
    })

    it('keeps blobs over a restart', async () => {
      const under = await open()
      const blob = blobOf('kept')
      await under.store.putMany([blob])
      const again = under.reopen ? await under.reopen() : under.store
      expect(await again.get(blob.hash)).toEqual(blob.bytes)
      expect((await listed(again)).map((info) => info.size)).toEqual([blob.bytes.length])
    })

    it('refuses a hash that is not that of the bytes, and puts nothing of the batch', async () => {
      const { store } = await open()
      const good = blobOf('good')
      await expect(store.putMany([good, { hash: sha256(utf8('other')), bytes: utf8('bytes') }])).rejects.toMatchObject({ code: 'ERR_VAULT_BLOB_HASH' })
      expect(await store.has(good.hash)).toBe(false)
      expect(await listed(store)).toEqual([])
    })

    it('lets the same blob be put again, in one batch and at once', async () => {
      const { store } = await open()
      const blob = blobOf('same', 5000)
      await store.putMany([blob])
      const before = await listed(store)
      await Promise.all([store.putMany([blob, blob]), store.putMany([blob]), store.putMany([blob, blobOf('more')])])
      expect(await store.get(blob.hash)).toEqual(blob.bytes)
      const after = await listed(store)
      expect(after).toHaveLength(2)
      expect(after.find((info) => toHex(info.hash) === toHex(blob.hash))?.putAtMs).toBe(before[0]?.putAtMs)
    })

    it('notices a changed byte, and is made whole by putting again', async () => {
      const under = await open()
      const blob = blobOf('to be damaged', 300)
      await under.store.putMany([blob])
      await under.corrupt(blob.hash)
      await expect(under.store.get(blob.hash)).rejects.toMatchObject({ code: 'ERR_VAULT_BLOB_CORRUPT', context: { hash: toHex(blob.hash) } })
      await under.store.putMany([blob])
      expect(await under.store.get(blob.hash)).toEqual(blob.bytes)
    })

    it('deletes the bytes themselves, for good, and only those', async () => {
      const under = await open()
      const [gone, kept] = [blobOf('the-bytes-to-be-deleted'), blobOf('the-bytes-to-be-kept')]
      await under.store.putMany([gone, kept])
      if (under.rawBytes) expect(contains(await under.rawBytes(), gone.bytes)).toBe(true)
      await under.store.delete(gone.hash)
      await under.store.delete(gone.hash)
      expect(await under.store.get(gone.hash)).toBeUndefined()
      expect(await under.store.has(gone.hash)).toBe(false)
      expect(await under.store.get(kept.hash)).toEqual(kept.bytes)
      expect((await listed(under.store)).map((info) => toHex(info.hash))).toEqual([toHex(kept.hash)])
      if (under.rawBytes) expect(contains(await under.rawBytes(), gone.bytes)).toBe(false)
      const again = under.reopen ? await under.reopen() : under.store
      expect(await again.has(gone.hash)).toBe(false)
      await again.putMany([gone])
      expect(await again.get(gone.hash)).toEqual(gone.bytes)
    })

    it('lists hash, size and a plausible time of putting', async () => {
      const { store } = await open()
      expect(await listed(store)).toEqual([])
      const blobs = [blobOf('x'), blobOf('y', 10), blobOf('z', 1000)].sort((a, b) => (toHex(a.hash) < toHex(b.hash) ? -1 : 1))
      await store.putMany(blobs)
      const infos = await listed(store)
      expect(infos.map(({ hash, size }) => [toHex(hash), size])).toEqual(blobs.map(({ hash, bytes }) => [toHex(hash), bytes.length]))
      for (const info of infos) expect(Number.isSafeInteger(info.putAtMs)).toBe(true)
    })

    it('hands out and takes in copies', async () => {
      const { store } = await open()
      const blob = blobOf('copied', 50)
      const given = blob.bytes.slice()
      await store.putMany([{ hash: blob.hash, bytes: given }])
      given.fill(0)
      const first = await store.get(blob.hash)
      first?.fill(0)
      expect(await store.get(blob.hash)).toEqual(blob.bytes)
    })
  })
}

import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concatBytes, sha256, toHex, utf8 } from '@chiron/protocol'
import type { Blob } from '@chiron/vault'
import { blobStoreCompliance } from '@chiron/vault/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FileBlobStore } from './blob-store-fs.ts'

let clock = 1_000
const now = (): number => ++clock
const blobOf = (text: string): Blob => ({ hash: sha256(utf8(text)), bytes: utf8(text) })

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

function flip(path: string, needle: Uint8Array): void {
  const bytes = readFileSync(path)
  const at = bytes.indexOf(needle)
  if (at === -1) return
  bytes[at] = (bytes[at] as number) ^ 1
  writeFileSync(path, bytes)
}

blobStoreCompliance('filesystem', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chiron-blobs-'))
  const store = await FileBlobStore.open(directory, now)
  return {
    store,
    reopen: () => FileBlobStore.open(directory, now),
    async corrupt(hash) {
      const bytes = await store.get(hash)
      for (const path of files(directory)) flip(path, bytes ?? hash)
    },
    rawBytes: async () => concatBytes(...files(directory).map((path) => readFileSync(path))),
    close: async () => rmSync(directory, { recursive: true, force: true }),
  }
})

describe('FileBlobStore', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chiron-blobs-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))
  const open = (): Promise<FileBlobStore> => FileBlobStore.open(directory, now)

  it('writes batches that wait together as one file', async () => {
    const store = await open()
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.putMany([blobOf(`blob ${n}`)])))
    expect(files(directory)).toHaveLength(1)
    expect(await store.get(blobOf('blob 99').hash)).toEqual(utf8('blob 99'))
  })

  it('removes a file once nothing in it is left', async () => {
    const store = await open()
    const blobs = [blobOf('one'), blobOf('two')]
    await store.putMany(blobs)
    for (const { hash } of blobs) await store.delete(hash)
    expect(files(directory)).toEqual([])
  })

  it('finishes at start what a crash left of a deletion, and removes what was never put', async () => {
    const store = await open()
    const [gone, kept] = [blobOf('going, not yet gone'), blobOf('staying')]
    await store.putMany([gone, kept])
    const path = files(directory)[0] as string
    const bytes = readFileSync(path)
    const states = bytes.indexOf(gone.bytes) - 2
    bytes[states] = 0xff
    writeFileSync(path, bytes)
    writeFileSync(`${path.slice(0, -5)}-other.pack.tmp`, 'half')
    const again = await open()
    expect(await again.has(gone.hash)).toBe(false)
    expect(await again.get(kept.hash)).toEqual(kept.bytes)
    expect(files(directory)).toEqual([path])
    expect(readFileSync(path).includes(Buffer.from(gone.bytes))).toBe(false)
  })

  it('does not take a flipped bit of a mark for a deletion', async () => {
    const store = await open()
    const blob = blobOf('marked by chance')
    await store.putMany([blob])
    const path = files(directory)[0] as string
    const bytes = readFileSync(path)
    for (let bit = 0; bit < 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bytes.indexOf(blob.bytes) - 1] = 1 << bit
      writeFileSync(path, changed)
      expect(await (await open()).get(blob.hash)).toEqual(blob.bytes)
    }
  })

  it('never answers "absent" after any one flipped bit: the bytes, or that they are damaged', async () => {
    const store = await open()
    const blobs = [blobOf('alpha'), blobOf('beta')]
    await store.putMany(blobs)
    const path = files(directory)[0] as string
    const whole = readFileSync(path)
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8))
      writeFileSync(path, bytes)
      const damaged = await open()
      for (const blob of blobs) {
        const answer = await damaged.get(blob.hash).catch((error: { code: string }) => error.code)
        expect(answer === 'ERR_VAULT_BLOB_CORRUPT' || toHex(answer as Uint8Array) === toHex(blob.bytes)).toBe(true)
        await damaged.putMany([blob])
        expect(await damaged.get(blob.hash)).toEqual(blob.bytes)
      }
      for (const other of files(directory)) if (other !== path) rmSync(other)
    }
  })

  it('says when a file is gone', async () => {
    const store = await open()
    const blob = blobOf('lost')
    await store.putMany([blob])
    rmSync(files(directory)[0] as string)
    await expect(store.get(blob.hash)).rejects.toMatchObject({ code: 'ERR_VAULT_BLOB_CORRUPT' })
  })

  it('refuses to open what is not a directory', async () => {
    writeFileSync(join(directory, 'file'), '')
    await expect(FileBlobStore.open(join(directory, 'file'), now)).rejects.toMatchObject({ name: 'StorageError' })
  })
})

import { hash as digest, randomBytes } from 'node:crypto'
import { open, readFile, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes, fromHex, toHex } from '@chiron/protocol'
import { VaultError, type Blob, type BlobInfo, type BlobStore } from '@chiron/vault'
import { DELETED, LIVE, formatPack, headLength, isDeleted, parsePack, type PackEntry, type TimedBlob } from './blob-pack.ts'
import { readTogether, type Want } from './blob-read.ts'
import { toStorageError } from './errors.ts'
import { eraseFile, makeDirectory, syncDirectory } from './files.ts'

/** A batch beyond this is written as several packs. */
const PACK_BYTES = 16 * 1024 * 1024

interface Pack {
  readonly path: string
  size: number
  live: number
}

/** Where a copy of a blob lies. `leaving`: being deleted, and no longer to be seen. */
interface Copy {
  readonly pack: Pack
  readonly entry: PackEntry
  leaving: boolean
}

interface Waiting {
  readonly blobs: readonly Blob[]
  resolve(): void
  reject(error: unknown): void
}

/**
 * Filesystem driver of {@link BlobStore}: every batch is one pack file (`blob-pack.ts`) in one of 256 directories, written
 * aside, flushed and renamed, so that a thousand blobs cost one flush; batches that wait for the disk go together. Which
 * blob lies where is held in memory and read from the packs' indexes at start. Deleting marks the blob, overwrites its
 * bytes with zeros, and removes the file once nothing in it is live; on copy-on-write disks older blocks may outlast it.
 * Besides the port's errors: StorageError `ERR_STORAGE_FULL`, `ERR_STORAGE_READ_ONLY`, `ERR_STORAGE_IO`.
 */
export class FileBlobStore implements BlobStore {
  readonly #directory: string
  readonly #now: () => number
  readonly #assertRoom: () => void
  readonly #copies = new Map<string, Copy[]>()
  /** What is wanted of packs and goes to the disk at the end of this turn. */
  readonly #wanted = new Map<string, Want[]>()
  #waiting: Waiting[] = []
  #work: Promise<void> = Promise.resolve()
  /** Packs whose index was changed: a blob that is not found may lie there. */
  #damaged: string[] = []

  private constructor(directory: string, now: () => number, assertRoom: () => void) {
    this.#directory = directory
    this.#assertRoom = assertRoom
    this.#now = now
  }

  /**
   * Reads what is there, and finishes what a crash interrupted. `now` gives Unix milliseconds; `assertRoom` throws when
   * nothing more is to be put.
   */
  static async open(directory: string, now: () => number, assertRoom: () => void = () => undefined): Promise<FileBlobStore> {
    const store = new FileBlobStore(directory, now, assertRoom)
    makeDirectory(directory)
    try {
      for (const shard of await readdir(directory)) {
        for (const name of await readdir(join(directory, shard))) await store.#load(join(directory, shard), name)
      }
    } catch (cause) {
      throw toStorageError(cause, directory, 'reading blobs in')
    }
    return store
  }

  /** Files whose index was changed on disk: restore them from a replica. */
  get damaged(): readonly string[] {
    return this.#damaged
  }

  async putMany(blobs: readonly Blob[]): Promise<void> {
    this.#assertRoom()
    for (const { hash, bytes } of blobs) {
      if (!hasHash(bytes, hash)) throw new VaultError('ERR_VAULT_BLOB_HASH', 'the bytes do not have this hash')
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ blobs, resolve, reject })
      if (this.#waiting.length === 1) void this.#next(() => this.#putWaiting())
    })
  }

  async get(hash: Uint8Array): Promise<Uint8Array | undefined> {
    const copies = this.#visible(hash)
    for (const copy of copies) {
      const bytes = await this.#read(copy)
      if (bytes && hasHash(bytes, hash)) return bytes
    }
    if (this.#visible(hash).length === 0 && this.#damaged.length === 0) return undefined
    if (copies.length > 0 && this.#visible(hash).some((copy) => !copies.includes(copy))) return this.get(hash)
    throw new VaultError('ERR_VAULT_BLOB_CORRUPT', 'stored ciphertext was changed: restore it from a replica', { context: { hash: toHex(hash) } })
  }

  /** A copy's bytes; undefined when its file is gone or shorter. What is wanted of one pack in the same turn is read together. */
  #read({ pack: { path }, entry }: Copy): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      const wants = this.#wanted.get(path)
      if (wants !== undefined) return void wants.push({ entry, resolve, reject })
      this.#wanted.set(path, [{ entry, resolve, reject }])
      queueMicrotask(() => {
        const wanted = this.#wanted.get(path) ?? []
        this.#wanted.delete(path)
        void readTogether(path, wanted)
      })
    })
  }

  async has(hash: Uint8Array): Promise<boolean> {
    return this.#visible(hash).length > 0
  }

  async delete(hash: Uint8Array): Promise<void> {
    return this.#next(async () => {
      const copies = this.#copies.get(toHex(hash)) ?? []
      for (const copy of copies) copy.leaving = true
      try {
        for (const copy of copies) await this.#erase(copy)
      } catch (cause) {
        for (const copy of this.#copies.get(toHex(hash)) ?? []) copy.leaving = false
        throw toStorageError(cause, this.#directory, 'deleting a blob in')
      }
    })
  }

  async *list(): AsyncIterable<BlobInfo> {
    const keys = Array.from(this.#copies.keys())
    for (const key of keys) {
      const hash = fromHex(key)
      const visible = this.#visible(hash)
      const first = visible[0]
      if (first) yield { hash, size: first.entry.length, putAtMs: Math.min(...visible.map(({ entry }) => entry.putAtMs)) }
    }
  }

  #visible(hash: Uint8Array): Copy[] {
    return (this.#copies.get(toHex(hash)) ?? []).filter(({ leaving }) => !leaving)
  }

  /** Runs changes one after another. */
  #next(change: () => Promise<void>): Promise<void> {
    const done = this.#work.then(change)
    this.#work = done.catch(() => {})
    return done
  }

  async #putWaiting(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    try {
      await this.#put(batch.flatMap(({ blobs }) => blobs))
      for (const { resolve } of batch) resolve()
    } catch (cause) {
      const error = toStorageError(cause, this.#directory, 'writing blobs in')
      for (const { reject } of batch) reject(error)
    }
  }

  async #put(blobs: readonly Blob[]): Promise<void> {
    const now = this.#now()
    const missing = new Map<string, TimedBlob>()
    const replaced: Copy[] = []
    for (const { hash, bytes } of blobs) {
      const key = toHex(hash)
      if (missing.has(key)) continue
      const damaged = await this.#damagedCopies(hash)
      if (damaged === 'whole') continue
      missing.set(key, { hash: hash.slice(), bytes, putAtMs: Math.min(now, ...damaged.map(({ entry }) => entry.putAtMs)) })
      replaced.push(...damaged)
    }
    for (const pack of intoPacks([...missing.values()])) await this.#writePack(pack)
    for (const copy of replaced) await this.#erase(copy)
  }

  async #damagedCopies(hash: Uint8Array): Promise<'whole' | Copy[]> {
    const copies = this.#visible(hash)
    for (const copy of copies) {
      const bytes = await this.#read(copy)
      if (bytes && hasHash(bytes, hash)) return 'whole'
    }
    return copies
  }

  async #writePack(blobs: readonly TimedBlob[]): Promise<void> {
    const { name, bytes, entries } = formatPack(blobs, randomBytes(16))
    const shard = join(this.#directory, name.slice(0, 2))
    const path = join(shard, `${name}.pack`)
    makeDirectory(shard)
    try {
      await writeFlushed(`${path}.tmp`, bytes)
      await rename(`${path}.tmp`, path)
      syncDirectory(shard)
    } catch (error) {
      await rm(`${path}.tmp`, { force: true }).catch(() => {})
      throw error
    }
    this.#add({ path, size: bytes.length, live: 0 }, entries)
  }

  #add(pack: Pack, entries: readonly PackEntry[]): void {
    for (const entry of entries) {
      const key = toHex(entry.hash)
      const copies = this.#copies.get(key)
      const copy: Copy = { pack, entry, leaving: false }
      if (copies) copies.push(copy)
      else this.#copies.set(key, [copy])
      pack.live++
    }
  }

  /** The mark is durable before the bytes go, so that a crash in between is finished at the next start. */
  async #erase(copy: Copy): Promise<void> {
    const { pack, entry } = copy
    await changeFile(pack.path, async (file) => {
      await file.write(Uint8Array.of(DELETED), 0, 1, entry.stateOffset)
      await file.datasync()
      await overwrite(file, entry)
    })
    if (--pack.live === 0) eraseFile(pack.path, pack.size)
    const key = toHex(entry.hash)
    const left = (this.#copies.get(key) ?? []).filter((other) => other !== copy)
    if (left.length > 0) this.#copies.set(key, left)
    else this.#copies.delete(key)
  }

  async #load(shard: string, file: string): Promise<void> {
    const path = join(shard, file)
    if (file.endsWith('.tmp')) {
      eraseFile(path, (await readFile(path)).length)
      return
    }
    if (!file.endsWith('.pack')) return
    const { head, size } = await readHead(path)
    const parsed = parsePack(file.slice(0, -5), head)
    if (!parsed?.sound) this.#damaged.push(path)
    if (!parsed) return
    const deleted = new Set(parsed.entries.filter((entry) => isDeleted(head[entry.stateOffset] ?? LIVE)))
    const kept = parsed.entries.filter((entry) => !deleted.has(entry))
    if (parsed.sound) {
      if (deleted.size > 0) await changeFile(path, (handle) => finishDeleting(handle, deleted))
      if (kept.length === 0) eraseFile(path, size)
      else this.#add({ path, size, live: 0 }, kept)
    } else {
      const bytes = await readFile(path)
      this.#add({ path, size, live: 0 }, kept.filter(({ hash, offset, length }) => hasHash(bytes.subarray(offset, offset + length), hash)))
    }
  }
}

function hasHash(bytes: Uint8Array, expected: Uint8Array): boolean {
  return equalBytes(digest('sha256', bytes, 'buffer'), expected)
}

function* intoPacks(blobs: readonly TimedBlob[]): Iterable<TimedBlob[]> {
  let pack: TimedBlob[] = []
  let size = 0
  for (const blob of blobs) {
    if (pack.length > 0 && size + blob.bytes.length > PACK_BYTES) {
      yield pack
      pack = []
      size = 0
    }
    pack.push(blob)
    size += blob.bytes.length
  }
  if (pack.length > 0) yield pack
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function changeFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await write(file)
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function finishDeleting(file: FileHandle, entries: Iterable<PackEntry>): Promise<void> {
  for (const entry of entries) {
    const bytes = new Uint8Array(entry.length)
    await file.read(bytes, 0, entry.length, entry.offset)
    if (bytes.some((byte) => byte !== 0)) await overwrite(file, entry)
  }
}

/** A pack's index and states, and the size of the file. */
async function readHead(path: string): Promise<{ head: Uint8Array; size: number }> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const first = new Uint8Array(Math.min(size, 4096))
    await file.read(first, 0, first.length, 0)
    const head = new Uint8Array(Math.min(size, headLength(first)))
    await file.read(head, 0, head.length, 0)
    return { head, size }
  } finally {
    await file.close()
  }
}

async function overwrite(file: FileHandle, entry: PackEntry): Promise<void> {
  await file.write(new Uint8Array(entry.length), 0, entry.length, entry.offset)
}

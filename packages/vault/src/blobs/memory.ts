import { equalBytes, fromHex, sha256, toHex } from '@chiron/protocol'
import { VaultError } from '../errors.ts'
import type { Blob, BlobInfo, BlobStore } from './port.ts'

/** {@link BlobStore} in memory: for tests and simulations. `now` gives Unix milliseconds. */
export class MemoryBlobStore implements BlobStore {
  readonly #now: () => number
  readonly #blobs = new Map<string, { bytes: Uint8Array; putAtMs: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  async putMany(blobs: readonly Blob[]): Promise<void> {
    blobs.forEach(checkBlobHash)
    for (const { hash, bytes } of blobs) {
      const key = toHex(hash)
      const present = this.#blobs.get(key)
      if (present && equalBytes(sha256(present.bytes), hash)) continue
      this.#blobs.set(key, { bytes: bytes.slice(), putAtMs: present?.putAtMs ?? this.#now() })
    }
  }

  async get(hash: Uint8Array): Promise<Uint8Array | undefined> {
    const bytes = this.#blobs.get(toHex(hash))?.bytes
    if (!bytes) return undefined
    verifyBlob(hash, bytes)
    return bytes.slice()
  }

  async has(hash: Uint8Array): Promise<boolean> {
    return this.#blobs.has(toHex(hash))
  }

  async delete(hash: Uint8Array): Promise<void> {
    this.#blobs.delete(toHex(hash))
  }

  async *list(): AsyncIterable<BlobInfo> {
    for (const [key, { bytes, putAtMs }] of Array.from(this.#blobs)) {
      if (this.#blobs.has(key)) yield { hash: fromHex(key), size: bytes.length, putAtMs }
    }
  }

  /** Flips the lowest bit of a stored byte, as a failing disk might. For the compliance suite. */
  corrupt(hash: Uint8Array, at = 0): void {
    const bytes = this.#blobs.get(toHex(hash))?.bytes
    if (bytes) bytes[at] = (bytes[at] ?? 0) ^ 1
  }
}

/** For drivers, before they write. @throws VaultError `ERR_VAULT_BLOB_HASH` */
export function checkBlobHash(blob: Blob): void {
  if (!equalBytes(sha256(blob.bytes), blob.hash)) throw new VaultError('ERR_VAULT_BLOB_HASH', 'the bytes do not have this hash')
}

/** For drivers, after they read. @throws VaultError `ERR_VAULT_BLOB_CORRUPT` */
export function verifyBlob(hash: Uint8Array, bytes: Uint8Array): void {
  if (!equalBytes(sha256(bytes), hash)) {
    throw new VaultError('ERR_VAULT_BLOB_CORRUPT', 'stored ciphertext was changed: restore it from a replica', { context: { hash: toHex(hash) } })
  }
}

import { concatBytes, type RecordId } from '@chiron/protocol'
import { VaultError, type PendingShare, type ShareKey, type ShareStore, type StoredShare } from '@chiron/vault'
import type { KeyholderDatabase, KeyholderWriter } from './database.ts'
import { readUint32, readUint64, uint32Bytes, uint64Bytes } from './integers.ts'

const RECORD_BYTES = 16
const VERSION_END = RECORD_BYTES + 4
/** Record (16) ‖ version (u32) ‖ share root (32). */
const SHARE_KEY_BYTES = VERSION_END + 32
const EPOCH_BYTES = 4
const TIME_BYTES = 8
const PRESENT = Uint8Array.of(1)
const LAST_EPOCH = 0xffff_ffff

/** {@link ShareStore} over LMDB. Shares come and go already sealed: it never sees one in the clear. */
export class LmdbShareStore implements ShareStore {
  readonly #database: KeyholderDatabase

  constructor(database: KeyholderDatabase) {
    this.#database = database
  }

  async add(shares: readonly (StoredShare & PendingShare)[]): Promise<void> {
    await this.#database.write((writer) => {
      for (const share of shares) {
        const key = formatShareKey(share)
        putShare(writer, key, share)
        removePending(writer, key)
        writer.put('pending', concatBytes(uint64Bytes(share.validUntil), key), share.ciphertext)
        writer.put('pendingOf', key, uint64Bytes(share.validUntil))
      }
    })
  }

  get(key: ShareKey): StoredShare | undefined {
    return this.#read(formatShareKey(key))
  }

  async reseal(removed: readonly ShareKey[], replaced: readonly StoredShare[]): Promise<void> {
    await this.#database.write((writer) => {
      for (const share of removed) {
        const key = formatShareKey(share)
        removeShare(writer, key)
        removePending(writer, key)
      }
      for (const share of replaced) putShare(writer, formatShareKey(share), share)
    })
  }

  ofVersion(record: RecordId, version: number): readonly StoredShare[] {
    const prefix = concatBytes(record, uint32Bytes(version))
    const shares: StoredShare[] = []
    for (const [key, value] of this.#database.range('shares', prefix, undefined)) {
      if (prefix.some((byte, i) => key[i] !== byte)) break
      shares.push(parseShare(key, value))
    }
    return shares
  }

  ofEpoch(epoch: number): readonly StoredShare[] {
    const shares: StoredShare[] = []
    for (const [key] of this.#database.range('epochs', uint32Bytes(epoch), epochEnd(epoch))) {
      const share = this.#read(key.subarray(EPOCH_BYTES))
      if (share) shares.push(share)
    }
    return shares
  }

  countEpoch(epoch: number): number {
    return this.#database.count('epochs', uint32Bytes(epoch), epochEnd(epoch))
  }

  epochs(): readonly number[] {
    const epochs: number[] = []
    for (let next = 0; next <= LAST_EPOCH; next++) {
      const [first] = this.#database.range('epochs', uint32Bytes(next), undefined, 1)
      if (!first) break
      next = readUint32(first[0])
      epochs.push(next)
    }
    return epochs
  }

  pendingBefore(timeMs: number, limit: number): readonly PendingShare[] {
    const found = this.#database.range('pending', uint64Bytes(0), uint64Bytes(timeMs), limit)
    return Array.from(found, ([key, ciphertext]) => ({ ...parseShareKey(key.subarray(TIME_BYTES)), validUntil: readUint64(key), ciphertext }))
  }

  async settle(keys: readonly PendingShare[]): Promise<void> {
    await this.#database.write((writer) => {
      for (const key of keys) removePending(writer, formatShareKey(key))
    })
  }

  #read(key: Uint8Array): StoredShare | undefined {
    const value = this.#database.get('shares', key)
    return value && parseShare(key, value)
  }
}

function putShare(writer: KeyholderWriter, key: Uint8Array, share: StoredShare): void {
  removeShare(writer, key)
  writer.put('shares', key, concatBytes(uint32Bytes(share.epoch), share.sealed))
  writer.put('epochs', concatBytes(uint32Bytes(share.epoch), key), PRESENT)
}

function removeShare(writer: KeyholderWriter, key: Uint8Array): void {
  const value = writer.get('shares', key)
  if (!value) return
  writer.remove('epochs', concatBytes(value.subarray(0, EPOCH_BYTES), key))
  writer.remove('shares', key)
}

function removePending(writer: KeyholderWriter, key: Uint8Array): void {
  const validUntil = writer.get('pendingOf', key)
  if (!validUntil) return
  writer.remove('pending', concatBytes(validUntil, key))
  writer.remove('pendingOf', key)
}

function formatShareKey({ record, version, shareRoot }: ShareKey): Uint8Array {
  return concatBytes(record, uint32Bytes(version), shareRoot)
}

function parseShareKey(key: Uint8Array): ShareKey {
  if (key.length !== SHARE_KEY_BYTES) throw new VaultError('ERR_VAULT_STORE_CORRUPT', 'the share store has a key that is none')
  return { record: key.slice(0, RECORD_BYTES) as RecordId, version: readUint32(key, RECORD_BYTES), shareRoot: key.slice(VERSION_END) }
}

function parseShare(key: Uint8Array, value: Uint8Array): StoredShare {
  if (value.length <= EPOCH_BYTES) throw new VaultError('ERR_VAULT_STORE_CORRUPT', 'the share store has a share that is none')
  return { ...parseShareKey(key), epoch: readUint32(value), sealed: value.slice(EPOCH_BYTES) }
}

function epochEnd(epoch: number): Uint8Array {
  return uint32Bytes(epoch + 1)
}

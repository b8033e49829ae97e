import type { Did, RecordId } from '@chiron/protocol'
import {
  MemoryBlobStore, MemoryEpochKeyStore, MemoryReleaseLogStore, MemoryShareStore, MemoryWalletCopies,
  type Blob, type BlobInfo, type BlobStore, type EpochKeyStore, type KeptCopy, type LogFrontier, type PendingShare, type ReleaseLogStore, type ShareKey, type ShareStore, type StoredShare, type WalletCopies,
} from '@chiron/vault'
import type { Disk, SimulatedFile } from '@chiron/testkit/simulation'
import type { WalletIdentity, WalletStore } from '../../src/gateway/records/registrar.ts'
import type { CustodialWallets } from '../../src/patients/wallets.ts'
import type { BlockFile, BlockFiles } from '../../src/storage/block-files.ts'
import { toStorageError } from '../../src/storage/errors.ts'
import { MemoryStateStore } from '../../src/storage/memory-state-store.ts'
import type { StateStore, StoreSpace, StoreWrite } from '../../src/storage/state-store.ts'
import type { CheckpointFile, CheckpointState } from '../../src/transparency/checkpoint-file.ts'

/**
 * The drivers' contracts over a simulated disk: each keeps in memory what is durable, and changes it when the disk says
 * so. They stand in for LMDB and files, which are tried with real processes.
 */

/** A state store whose commits are atomic and durable, as LMDB's. `disk` outlives the machine's runs, and so does this. */
export class DiskStateStore implements StateStore {
  readonly #disk: Disk
  #durable = new MemoryStateStore()
  /** Becomes durable with the next commit, or is lost with it. */
  beside: (() => void) | undefined
  /** Hears of every commit, in the run that set it. */
  watch: ((writes: readonly StoreWrite[]) => void) | undefined

  constructor(disk: Disk) {
    this.#disk = disk
  }

  get(space: StoreSpace, key: Uint8Array): Uint8Array | undefined {
    return this.#durable.get(space, key)
  }

  range(space: StoreSpace, from: Uint8Array, to: Uint8Array | undefined, options: { reverse?: boolean; limit?: number } = {}): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    return this.#durable.range(space, from, to, options)
  }

  commit(writes: readonly StoreWrite[]): void {
    try {
      this.#disk.commitNow(() => this.#apply(writes))
    } catch (cause) {
      throw toStorageError(cause, 'state', 'committing to')
    }
    this.watch?.(writes)
  }

  async commitAside(writes: readonly StoreWrite[], visible: () => void): Promise<void> {
    try {
      await this.#disk.commit(() => this.#apply(writes))
    } catch (cause) {
      throw toStorageError(cause, 'state', 'committing to')
    }
    this.watch?.(writes)
    visible()
  }

  async close(): Promise<void> {}

  #apply(writes: readonly StoreWrite[]): void {
    this.#durable.commit(writes)
    this.beside?.()
    this.beside = undefined
  }

  /** Somebody moves the directory away. */
  wipe(): void {
    this.#durable = new MemoryStateStore()
  }
}

/** Files of a block log on a simulated disk. */
export class DiskBlockFiles implements BlockFiles {
  readonly #disk: Disk

  constructor(disk: Disk) {
    this.#disk = disk
  }

  names(): readonly string[] {
    return this.#disk.names('blocks/')
  }

  contents(name: string): Uint8Array {
    return this.#file(name).contents()
  }

  open(name: string): BlockFile {
    return new OpenFile(this.#file(name))
  }

  create(name: string, contents: Uint8Array): BlockFile {
    return new OpenFile(this.#disk.create(`blocks/${name}`, contents))
  }

  remove(name: string): void {
    this.#disk.remove(`blocks/${name}`)
  }

  #file(name: string): SimulatedFile {
    return this.#disk.file(`blocks/${name}`) as SimulatedFile
  }
}

class OpenFile implements BlockFile {
  readonly #file: SimulatedFile
  constructor(file: SimulatedFile) {
    this.#file = file
  }
  write(bytes: Uint8Array, position: number): Promise<void> {
    return this.#file.write(bytes, position)
  }
  flush(): Promise<void> {
    return this.#file.flush()
  }
  read(bytes: Uint8Array, position: number): void {
    this.#file.read(bytes, position)
  }
  truncate(size: number): void {
    this.#file.truncate(size)
  }
  close(): void {}
}

/** What one keyholder keeps: shares and release log in one database, epoch keys as files beside it. */
export class DiskKeyholderStores {
  readonly shares = new MemoryShareStore()
  readonly log = new MemoryReleaseLogStore()
  readonly keys = new MemoryEpochKeyStore()
  readonly store: ShareStore
  readonly epochKeys: EpochKeyStore
  readonly releaseLog: ReleaseLogStore

  constructor(disk: Disk) {
    const { shares, keys, log } = this
    const commit = async (apply: () => Promise<void>): Promise<void> => {
      try {
        await disk.commit(() => void apply())
      } catch (cause) {
        throw toStorageError(cause, 'shares', 'writing to')
      }
    }
    this.store = {
      add: (added: readonly (StoredShare & PendingShare)[]) => commit(() => shares.add(added)),
      get: (key: ShareKey) => shares.get(key),
      reseal: (removed: readonly ShareKey[], replaced: readonly StoredShare[]) => commit(() => shares.reseal(removed, replaced)),
      ofVersion: (record: RecordId, version: number) => shares.ofVersion(record, version),
      ofEpoch: (epoch: number) => shares.ofEpoch(epoch),
      countEpoch: (epoch: number) => shares.countEpoch(epoch),
      epochs: () => shares.epochs(),
      pendingBefore: (timeMs: number, limit: number) => shares.pendingBefore(timeMs, limit),
      settle: (settled: readonly PendingShare[]) => commit(() => shares.settle(settled)),
    }
    this.epochKeys = {
      list: () => keys.list(),
      get: async (epoch: number) => {
        await disk.step(() => {})
        return await keys.get(epoch)
      },
      put: async (epoch: number, key: Uint8Array) => {
        const kept = key.slice()
        return await disk.step(() => void keys.put(epoch, kept), { writes: true })
      },
      destroy: async (epoch: number) => await disk.step(() => void keys.destroy(epoch)),
    }
    this.releaseLog = {
      append: (entry: Uint8Array, frontier: LogFrontier) => commit(() => log.append(entry, frontier)),
      frontier: () => log.frontier(),
      entries: (from: number, to: number) => log.entries(from, to),
    }
  }
}

/** Ciphertext on a simulated disk: a batch that a crash cut off may be there in part. */
export class DiskBlobStore implements BlobStore {
  readonly #disk: Disk
  readonly #durable: MemoryBlobStore

  constructor(disk: Disk, now: () => number) {
    this.#disk = disk
    this.#durable = new MemoryBlobStore(now)
  }

  async putMany(blobs: readonly Blob[]): Promise<void> {
    await Promise.all(blobs.map((blob) => this.#commit(() => void this.#durable.putMany([blob]))))
  }

  async get(hash: Uint8Array): Promise<Uint8Array | undefined> {
    await this.#disk.step(() => {})
    return await this.#durable.get(hash)
  }

  has(hash: Uint8Array): Promise<boolean> {
    return this.#durable.has(hash)
  }

  async delete(hash: Uint8Array): Promise<void> {
    await this.#commit(() => void this.#durable.delete(hash))
  }

  list(): AsyncIterable<BlobInfo> {
    return this.#durable.list()
  }

  async #commit(apply: () => void): Promise<void> {
    try {
      await this.#disk.commit(apply)
    } catch (cause) {
      throw toStorageError(cause, 'blobs', 'writing to')
    }
  }
}

/** Patients' copies on a simulated disk, beside the ciphertext. */
export class DiskWalletCopies implements WalletCopies {
  readonly #disk: Disk
  readonly #onPut: (owner: Did) => void
  readonly #durable = new MemoryWalletCopies()

  constructor(disk: Disk, onPut: (owner: Did) => void) {
    this.#disk = disk
    this.#onPut = onPut
  }

  async put(owner: Did, copies: readonly KeptCopy[]): Promise<void> {
    this.#onPut(owner)
    await this.#commit(() => void this.#durable.put(owner, copies))
  }

  list(owner: Did): Promise<readonly KeptCopy[]> {
    return this.#durable.list(owner)
  }

  async delete(ciphertexts: readonly Uint8Array[]): Promise<void> {
    await this.#commit(() => void this.#durable.delete(ciphertexts))
  }

  async #commit(apply: () => void): Promise<void> {
    try {
      await this.#disk.commit(apply)
    } catch (cause) {
      throw toStorageError(cause, 'copies', 'writing to')
    }
  }
}

/** Keys that a custodian has of patients, by name: their secrets follow from the name here. */
export class DiskCustodialWallets implements WalletStore, CustodialWallets {
  readonly #disk: Disk
  readonly #identityOf: (patientId: string) => WalletIdentity
  readonly #kept = new Set<string>()

  constructor(disk: Disk, identityOf: (patientId: string) => WalletIdentity) {
    this.#disk = disk
    this.#identityOf = identityOf
  }

  async walletFor(patientId: string): Promise<WalletIdentity> {
    if (!this.#kept.has(patientId)) await this.#disk.commit(() => void this.#kept.add(patientId))
    return this.#identityOf(patientId)
  }

  async signerFor(): Promise<undefined> {
    return undefined
  }

  async destroy(patientId: string): Promise<void> {
    if (this.#kept.has(patientId)) await this.#disk.commit(() => void this.#kept.delete(patientId))
  }

  async patientIds(): Promise<readonly string[]> {
    return [...this.#kept].sort()
  }
}

/** What a node remembers of its checkpoints. */
export class DiskCheckpointFile implements Pick<CheckpointFile, 'read' | 'write'> {
  readonly #disk: Disk
  #durable: CheckpointState | undefined

  constructor(disk: Disk) {
    this.#disk = disk
  }

  read(): CheckpointState {
    return this.#durable ?? { format: 'chiron/checkpoints/v1', newest: null, published: null, witnesses: {} }
  }

  async write(state: CheckpointState): Promise<void> {
    try {
      await this.#disk.commit(() => {
        this.#durable = state
      })
    } catch (cause) {
      throw toStorageError(cause, 'checkpoints', 'writing')
    }
  }

  wipe(): void {
    this.#durable = undefined
  }
}

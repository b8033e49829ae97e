import { toHex, type RecordId } from '@chiron/protocol'
import type { EpochKeyStore, LogFrontier, PendingShare, ReleaseLogStore, ShareKey, ShareStore, StoredShare } from './ports.ts'

function nameOf({ record, version, shareRoot }: ShareKey): string {
  return `${toHex(record)}/${version}/${toHex(shareRoot)}`
}

function copyOf({ record, version, shareRoot, epoch, sealed }: StoredShare): StoredShare {
  return { record, version, shareRoot, epoch, sealed: sealed.slice() }
}

/** {@link ShareStore} in memory: for tests and simulations. */
export class MemoryShareStore implements ShareStore {
  readonly #shares = new Map<string, StoredShare>()
  readonly #pending = new Map<string, PendingShare>()

  async add(shares: readonly (StoredShare & PendingShare)[]): Promise<void> {
    for (const share of shares) {
      const { record, version, shareRoot, validUntil, ciphertext } = share
      this.#shares.set(nameOf(share), copyOf(share))
      this.#pending.set(nameOf(share), { record, version, shareRoot, validUntil, ciphertext })
    }
  }

  get(key: ShareKey): StoredShare | undefined {
    const share = this.#shares.get(nameOf(key))
    return share && copyOf(share)
  }

  async reseal(removed: readonly ShareKey[], replaced: readonly StoredShare[]): Promise<void> {
    for (const key of removed) {
      this.#shares.delete(nameOf(key))
      this.#pending.delete(nameOf(key))
    }
    for (const share of replaced) this.#shares.set(nameOf(share), copyOf(share))
  }

  ofVersion(record: RecordId, version: number): readonly StoredShare[] {
    const prefix = `${toHex(record)}/${version}/`
    return [...this.#shares].filter(([name]) => name.startsWith(prefix)).map(([, share]) => copyOf(share))
  }

  ofEpoch(epoch: number): readonly StoredShare[] {
    return [...this.#shares.values()].filter((share) => share.epoch === epoch).map(copyOf)
  }

  countEpoch(epoch: number): number {
    return this.ofEpoch(epoch).length
  }

  epochs(): readonly number[] {
    return [...new Set([...this.#shares.values()].map((share) => share.epoch))].sort((a, b) => a - b)
  }

  pendingBefore(timeMs: number, limit: number): readonly PendingShare[] {
    return [...this.#pending.values()].filter((share) => share.validUntil < timeMs).sort((a, b) => a.validUntil - b.validUntil).slice(0, limit)
  }

  async settle(keys: readonly PendingShare[]): Promise<void> {
    for (const key of keys) this.#pending.delete(nameOf(key))
  }

  /** Flips a bit of a stored share, as a failing disk might. */
  corrupt(key: ShareKey, at: number): void {
    const sealed = this.#shares.get(nameOf(key))?.sealed
    if (sealed) sealed[at] = (sealed[at] as number) ^ 1
  }
}

/** {@link EpochKeyStore} in memory. */
export class MemoryEpochKeyStore implements EpochKeyStore {
  readonly #keys = new Map<number, Uint8Array>()

  async list(): Promise<readonly number[]> {
    return [...this.#keys.keys()]
  }

  async get(epoch: number): Promise<Uint8Array | undefined> {
    return this.#keys.get(epoch)?.slice()
  }

  async put(epoch: number, key: Uint8Array): Promise<void> {
    if (!this.#keys.has(epoch)) this.#keys.set(epoch, key.slice())
  }

  async destroy(epoch: number): Promise<void> {
    this.#keys.get(epoch)?.fill(0)
    this.#keys.delete(epoch)
  }
}

/** {@link ReleaseLogStore} in memory. */
export class MemoryReleaseLogStore implements ReleaseLogStore {
  readonly #entries: Uint8Array[] = []
  #frontier: LogFrontier = { size: 0, hashes: [] }

  async append(entry: Uint8Array, frontier: LogFrontier): Promise<void> {
    this.#entries[frontier.size - 1] = entry.slice()
    this.#frontier = frontier
  }

  frontier(): LogFrontier {
    return this.#frontier
  }

  entries(from: number, to: number): Iterable<Uint8Array> {
    return this.#entries.slice(from, to)
  }
}

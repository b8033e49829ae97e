import { concatBytes, encodeCanonical, toHex, utf8, type Did } from '@chiron/protocol'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, aeadOpen, aeadSeal, importAeadKey, type AeadKey } from '../aead.ts'
import { SHARE_BYTES } from '../custody/shares.ts'
import { VaultError } from '../errors.ts'
import type { Random } from '../random.ts'
import type { EpochKeyStore, PendingShare, ShareKey, ShareStore, StoredShare } from './ports.ts'

/** What a keyholder keeps of a share besides its name. `commitments`: 32 bytes for each keyholder of the set. */
export interface ShareContent {
  readonly share: Uint8Array
  readonly set: number
  readonly index: number
  readonly commitments: Uint8Array
}

export interface DestroyedShares {
  readonly destroyed: number
  /** Survivors that were sealed anew. */
  readonly resealed: number
  /** Survivors that no longer opened (damaged on disk) and were removed with the rest: to be dealt again. */
  readonly lost: readonly ShareKey[]
}

/** Shares under one epoch key; bounds what a destruction has to seal anew. */
export const MAX_EPOCH_SHARES = 4096
const SET_AT = SHARE_BYTES
const INDEX_AT = SET_AT + 4
const COMMITMENTS_AT = INDEX_AT + 1

/**
 * A keyholder's shares, each AES-256-GCM under the key of an epoch that is kept apart. Destroying shares seals the other
 * shares of their epochs under a new key and destroys the old key: free pages, logs and backups of the share store then
 * hold nothing that opens. Crash-safe: after {@link SealedShares.open} either all or nothing of a destruction is done.
 * SPEC-CUS-10.
 */
export class SealedShares {
  readonly #owner: { readonly chainId: string; readonly keyholder: Did }
  readonly #store: ShareStore
  readonly #keys: EpochKeyStore
  readonly #random: Random
  readonly #opened = new Map<number, Promise<AeadKey>>()
  #current: number | undefined
  #room = 0
  #tail: Promise<unknown> = Promise.resolve()

  private constructor(owner: { chainId: string; keyholder: Did }, dependencies: { store: ShareStore; keys: EpochKeyStore; random: Random }) {
    this.#owner = owner
    this.#store = dependencies.store
    this.#keys = dependencies.keys
    this.#random = dependencies.random
  }

  /** Finishes what a crash interrupted. @throws VaultError `ERR_VAULT_EPOCH_KEY` when the newest key cannot be read */
  static async open(
    owner: { readonly chainId: string; readonly keyholder: Did },
    dependencies: { readonly store: ShareStore; readonly keys: EpochKeyStore; readonly random: Random },
  ): Promise<SealedShares> {
    const shares = new SealedShares(owner, dependencies)
    const epochs = await shares.#keys.list()
    const newest = epochs.length === 0 ? undefined : Math.max(...epochs)
    if (newest !== undefined) {
      await shares.#key(newest)
      shares.#current = newest
      shares.#room = MAX_EPOCH_SHARES - shares.#store.countEpoch(newest)
    }
    await shares.#destroyUnusedKeys()
    return shares
  }

  /** Durable when it resolves. */
  async add(shares: readonly (PendingShare & ShareContent)[]): Promise<void> {
    await this.#exclusively(async () => {
      const sealed: Promise<StoredShare & PendingShare>[] = []
      for (const share of shares) {
        const epoch = await this.#epochWithRoom()
        const key = await this.#key(epoch)
        sealed.push(this.#seal(share, encodeContent(share), epoch, key).then((stored) => ({ ...share, ...stored })))
      }
      const stored = await Promise.all(sealed)
      await this.#store.add(stored.map(({ record, version, shareRoot, epoch, sealed: bytes, validUntil, ciphertext }) => (
        { record, version, shareRoot, epoch, sealed: bytes, validUntil, ciphertext }
      )))
    })
  }

  /** @throws VaultError `ERR_VAULT_STORE_CORRUPT` (damaged), `ERR_VAULT_EPOCH_KEY`; context names keyholder and record */
  async find(key: ShareKey): Promise<ShareContent | undefined> {
    const stored = this.#store.get(key)
    if (!stored) return undefined
    let epochKey: AeadKey
    try {
      epochKey = await this.#key(stored.epoch)
    } catch (error) {
      // A destruction of other shares may have sealed this one anew in between.
      if (this.#store.get(key)?.epoch !== stored.epoch) return await this.find(key)
      throw error
    }
    const content = await this.#unseal(stored, epochKey)
    if (content) return decodeContent(content)
    throw this.#corrupt(key)
  }

  /**
   * Makes shares unreadable for good; resolves when the keys they lay under are gone.
   * @throws VaultError `ERR_VAULT_EPOCH_KEY`; then nothing was destroyed
   */
  async destroy(keys: readonly ShareKey[]): Promise<DestroyedShares> {
    return await this.#exclusively(async () => {
      const victims = keys.flatMap((key) => this.#store.get(key) ?? [])
      const names = new Set(victims.map(nameOf))
      const survivors = [...new Set(victims.map((share) => share.epoch))].flatMap((epoch) =>
        this.#store.ofEpoch(epoch).filter((share) => !names.has(nameOf(share))),
      )
      const lost: ShareKey[] = []
      const resealed: StoredShare[] = []
      if (victims.length > 0) this.#current = undefined
      for (const share of survivors) {
        const content = await this.#unseal(share, await this.#key(share.epoch))
        if (!content) {
          lost.push(share)
          continue
        }
        const epoch = await this.#epochWithRoom()
        resealed.push(await this.#seal(share, content, epoch, await this.#key(epoch)))
      }
      if (victims.length > 0) await this.#store.reseal([...victims, ...lost], resealed)
      await this.#destroyUnusedKeys()
      return { destroyed: victims.length, resealed: resealed.length, lost }
    })
  }

  async #destroyUnusedKeys(): Promise<void> {
    const used = new Set(this.#store.epochs())
    for (const epoch of await this.#keys.list()) {
      if (used.has(epoch) || epoch === this.#current) continue
      this.#opened.delete(epoch)
      await this.#keys.destroy(epoch)
    }
  }

  async #epochWithRoom(): Promise<number> {
    if (this.#current === undefined || this.#room <= 0) {
      const epoch = Math.max(0, ...(await this.#keys.list()), ...this.#store.epochs()) + 1
      const key = this.#random(AEAD_KEY_BYTES)
      await this.#keys.put(epoch, key)
      key.fill(0)
      this.#current = epoch
      this.#room = MAX_EPOCH_SHARES
    }
    this.#room--
    return this.#current
  }

  #key(epoch: number): Promise<AeadKey> {
    const present = this.#opened.get(epoch)
    if (present) return present
    const opening = this.#keys.get(epoch).then(async (raw) => {
      if (!raw) throw new VaultError('ERR_VAULT_EPOCH_KEY', 'the key of an epoch is missing', { context: { keyholder: this.#owner.keyholder, epoch } })
      const key = await importAeadKey(raw)
      raw.fill(0)
      return key
    })
    this.#opened.set(epoch, opening)
    opening.catch(() => {
      if (this.#opened.get(epoch) === opening) this.#opened.delete(epoch)
    })
    return opening
  }

  async #seal(key: ShareKey, content: Uint8Array, epoch: number, epochKey: AeadKey): Promise<StoredShare> {
    const nonce = this.#random(AEAD_NONCE_BYTES)
    const sealed = concatBytes(nonce, await aeadSeal(epochKey, nonce, content, this.#associated(key, epoch)))
    return { record: key.record, version: key.version, shareRoot: key.shareRoot, epoch, sealed }
  }

  async #unseal(stored: StoredShare, epochKey: AeadKey): Promise<Uint8Array | undefined> {
    const nonce = stored.sealed.subarray(0, AEAD_NONCE_BYTES)
    return await aeadOpen(epochKey, nonce, stored.sealed.subarray(AEAD_NONCE_BYTES), this.#associated(stored, stored.epoch))
  }

  #associated({ record, version, shareRoot }: ShareKey, epoch: number): Uint8Array {
    return concatBytes(utf8('chiron/stored-share/v1\0'), encodeCanonical({ ...this.#owner, record, version, shareRoot, epoch }))
  }

  #corrupt({ record, version }: ShareKey): VaultError {
    const context = { keyholder: this.#owner.keyholder, record: toHex(record), version }
    return new VaultError('ERR_VAULT_STORE_CORRUPT', `keyholder ${this.#owner.keyholder}: a stored share was changed; deal it again`, { context })
  }

  #exclusively<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#tail.then(task)
    this.#tail = run.catch(() => {})
    return run
  }
}

function nameOf({ record, version, shareRoot }: ShareKey): string {
  return `${toHex(record)}/${version}/${toHex(shareRoot)}`
}

function encodeContent({ share, set, index, commitments }: ShareContent): Uint8Array {
  const content = new Uint8Array(COMMITMENTS_AT + commitments.length)
  content.set(share)
  new DataView(content.buffer).setUint32(SET_AT, set)
  content[INDEX_AT] = index
  content.set(commitments, COMMITMENTS_AT)
  return content
}

function decodeContent(content: Uint8Array): ShareContent {
  return {
    share: content.slice(0, SHARE_BYTES),
    set: new DataView(content.buffer, content.byteOffset).getUint32(SET_AT),
    index: content[INDEX_AT] as number,
    commitments: content.slice(COMMITMENTS_AT),
  }
}

import {
  concatBytes, equalBytes, toHex, verifyEd25519, type Did, type RecordId,
} from '@chiron/protocol'
import { Inbox } from '../custody/inbox.ts'
import { VaultError } from '../errors.ts'
import type { KemKeyPair } from '../hpke/suites.ts'
import type { Random } from '../random.ts'
import { decodeReleaseRequest, type DecodedReleaseRequest } from '../release/request.ts'
import { sealReleaseResponse, type RefusalCode, type ReleasedShare } from '../release/response.ts'
import { checkPackage } from './accept.ts'
import { checkRequest, decideRelease, ReplayMemory, type ReleaseDecisions } from './decide-release.ts'
import type { EpochKeyStore, LedgerView, PendingShare, ReleaseLogStore, ShareStore } from './ports.ts'
import { ReceiptGroups, type BatchReceipt } from './receipt-groups.ts'
import { ReleaseLog } from './release-log.ts'
import { SealedShares, type DestroyedShares } from './sealed-shares.ts'

export interface KeyholderOptions {
  readonly chainId: string
  readonly did: Did
  /** What dealers seal to: the pair of the `kemKey` on the ledger. */
  readonly keys: KemKeyPair
}

export interface KeyholderDependencies {
  readonly store: ShareStore
  readonly epochKeys: EpochKeyStore
  readonly log: ReleaseLogStore
  readonly view: LedgerView
  /** Ed25519 signature (64 bytes) by the keyholder's signing key. */
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>
  readonly random: Random
  /** Must accept exactly what `verifyEd25519` accepts. */
  readonly verify?: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
}

export interface SweptShares {
  /** Shares now known to be on the ledger. */
  readonly settled: number
  /** Shares of transactions that never came, destroyed. */
  readonly orphans: readonly PendingShare[]
  /** Hashes of their ciphertext, where the ledger and this keyholder know of no other use of it: it may go too. */
  readonly ciphertexts: readonly Uint8Array[]
  /** Whether there may be more to sweep. */
  readonly more: boolean
}

const SWEEP_LIMIT = 1000

/** Holds one share of every content key dealt to it, and lets go of a share only as the ledger says. No IO of its own. */
export class Keyholder {
  readonly did: Did
  readonly #view: LedgerView
  readonly #shares: SealedShares
  readonly #store: ShareStore
  readonly #log: ReleaseLog
  readonly #inbox: Inbox
  readonly #groups: ReceiptGroups
  readonly #replays = new ReplayMemory()
  readonly #sign: KeyholderDependencies['sign']
  readonly #verify: NonNullable<KeyholderDependencies['verify']>
  readonly #random: Random

  private constructor(options: KeyholderOptions, dependencies: KeyholderDependencies, shares: SealedShares) {
    this.did = options.did
    this.#view = dependencies.view
    this.#shares = shares
    this.#store = dependencies.store
    this.#log = new ReleaseLog(dependencies.log)
    this.#sign = dependencies.sign
    this.#verify = dependencies.verify ?? verifyEd25519
    this.#random = dependencies.random
    this.#groups = new ReceiptGroups(options, { add: (kept) => shares.add(kept), sign: dependencies.sign })
    this.#inbox = new Inbox(options, { memberKey: (did) => dependencies.view.memberKey(did), verify: this.#verify })
  }

  /** Finishes what a crash interrupted. @throws VaultError `ERR_VAULT_EPOCH_KEY` */
  static async open(options: KeyholderOptions, dependencies: KeyholderDependencies): Promise<Keyholder> {
    const owner = { chainId: options.chainId, keyholder: options.did }
    const shares = await SealedShares.open(owner, { store: dependencies.store, keys: dependencies.epochKeys, random: dependencies.random })
    return new Keyholder(options, dependencies, shares)
  }

  /**
   * Opens and checks a package, stores its shares durably, then signs for them: with others that come meanwhile at once.
   * The same package may come again.
   * @throws VaultError as {@link Inbox.open} and {@link checkPackage}
   */
  async acceptBatch(packageBytes: Uint8Array): Promise<BatchReceipt> {
    const { body } = await this.#inbox.open(packageBytes)
    return await this.#groups.take({ set: body.set, root: body.root, shares: checkPackage(body, this.did, this.#view) })
  }

  /**
   * Answers a signed release request with a signed response: shares of the records that the access covers at the newest
   * height, refusals for the rest. The release is in the log, durably, before the answer exists; who asks is checked, and
   * the decision taken, again when a block was executed meanwhile.
   * @throws VaultError `ERR_VAULT_MESSAGE_INVALID`, `ERR_VAULT_NOT_FRESH`, `ERR_VAULT_WRONG_RECIPIENT`,
   * `ERR_VAULT_EXPIRED`, `ERR_VAULT_SIGNATURE`, `ERR_VAULT_REPLAY`, `ERR_VAULT_NO_ACCESS`
   */
  async release(requestBytes: Uint8Array): Promise<Uint8Array> {
    const decoded = decodeReleaseRequest(requestBytes)
    checkRequest(decoded, this.#view, this.#verify)
    const decisions = decideRelease(decoded, this.#view)
    this.#replays.check(toHex(decoded.hash), decoded.request.validUntil, decisions.timeMs, decoded.request.gateway)
    const { shares, refused } = await this.#gather(decoded, decisions)
    await this.#log.append(logEntry('release', decoded, decisions, shares))
    const response = await sealReleaseResponse(
      { keyholder: this.did, request: decoded.hash, recipient: decoded.request.recipient, shares, refused },
      { sign: this.#sign, random: this.#random },
    )
    await this.#confirm(decoded, decisions, shares)
    return response
  }

  /**
   * Destroys every share of these record versions, whoever dealt them; resolves when nothing can open them any more.
   * @throws VaultError `ERR_VAULT_EPOCH_KEY`
   */
  async destroy(versions: readonly { readonly record: RecordId; readonly version: number }[]): Promise<DestroyedShares> {
    return await this.#shares.destroy(versions.flatMap(({ record, version }) => this.#store.ofVersion(record, version)))
  }

  /**
   * Looks at shares whose transaction can no longer be executed: settles those on the ledger, destroys the others. Block
   * time and entries are read at one height, so that an entry cannot come later (SPEC-CUS-11).
   */
  async sweep(): Promise<SweptShares> {
    const pending = this.#store.pendingBefore(this.#view.status().timeMs, SWEEP_LIMIT)
    const settled: PendingShare[] = []
    const orphans: PendingShare[] = []
    const unused: PendingShare[] = []
    for (const share of pending) {
      const committed = this.#view.recordVersion(share.record, share.version)
      if (committed && equalBytes(committed.shareRoot, share.shareRoot)) settled.push(share)
      else orphans.push(share)
      if (!committed || !equalBytes(committed.ciphertext, share.ciphertext)) unused.push(share)
    }
    if (orphans.length > 0) await this.#shares.destroy(orphans)
    if (pending.length > 0) await this.#store.settle(pending)
    const ciphertexts = unused.filter((share) => this.#store.ofVersion(share.record, share.version).length === 0).map((share) => share.ciphertext)
    return { settled: settled.length, orphans, ciphertexts, more: pending.length === SWEEP_LIMIT }
  }

  /** Size and RFC 9162 root of the release log: what `custody.commitLog` states. */
  releaseLogHead(): { readonly size: number; readonly root: Uint8Array } {
    return this.#log.head()
  }

  /** @throws VaultError `ERR_VAULT_STORE_CORRUPT` when a past entry was changed */
  verifyReleaseLog(): void {
    this.#log.verify()
  }

  async #gather(decoded: DecodedReleaseRequest, decisions: ReleaseDecisions) {
    const found = await Promise.all(decoded.request.records.map(async ([record, version], position): Promise<ReleasedShare | RefusalCode> => {
      const committed = decisions.records[position]
      if (!committed) return 'ERR_VAULT_NO_ACCESS'
      try {
        const kept = await this.#shares.find({ record, version, shareRoot: committed.shareRoot })
        return kept ? [position, kept.set, kept.index, kept.share, kept.commitments] : 'ERR_VAULT_SHARE_ABSENT'
      } catch (error) {
        if (error instanceof VaultError) return 'ERR_VAULT_STORE_CORRUPT'
        throw error
      }
    }))
    const shares = found.filter((item): item is ReleasedShare => typeof item !== 'string')
    const refused = found.flatMap((item, position): [number, RefusalCode][] => (typeof item === 'string' ? [[position, item]] : []))
    return { shares, refused }
  }

  async #confirm(decoded: DecodedReleaseRequest, decisions: ReleaseDecisions, shares: readonly ReleasedShare[]): Promise<void> {
    if (this.#view.status().fresh && this.#view.status().height === decisions.height) return
    try {
      checkRequest(decoded, this.#view, this.#verify)
      const now = decideRelease(decoded, this.#view)
      if (shares.every(([position]) => now.records[position] !== undefined)) return
      throw new VaultError('ERR_VAULT_NO_ACCESS', 'the access has ended, or covers less than a moment ago')
    } catch (error) {
      await this.#log.append(logEntry('withheld', decoded, decisions, shares))
      throw error
    }
  }
}

function logEntry(kind: 'release' | 'withheld', { request, hash }: DecodedReleaseRequest, { height, timeMs }: ReleaseDecisions, shares: readonly ReleasedShare[]) {
  const released = new Set(shares.map(([position]) => position))
  const pack = (keep: boolean): Uint8Array =>
    concatBytes(...request.records.filter((_, position) => released.has(position) === keep).map(([record, version]) => {
      const number = new Uint8Array(4)
      new DataView(number.buffer).setUint32(0, version)
      return concatBytes(record, number)
    }))
  const { access, reader, gateway } = request
  return { v: 1 as const, kind, request: hash, access, reader, gateway, height, timeMs, released: pack(true), refused: pack(false) }
}

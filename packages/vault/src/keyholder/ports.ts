import type { Did, ObjectId, RecordId } from '@chiron/protocol'
import type { CustodySet } from '../custody/set.ts'

/** An access that is open at the view's newest height. */
export interface OpenAccess {
  readonly reader: Did
  /** Whose gateway opened it and signs release requests. */
  readonly organisation: Did
}

/** What a committed record version's entry says. */
export interface CommittedRecord {
  readonly ciphertext: Uint8Array
  readonly keyCommitment: Uint8Array
  readonly shareRoot: Uint8Array
  readonly set: number
}

/** Outcome of `decide()` for one record. */
export interface ReleaseDecision {
  readonly effect: 'permit' | 'deny'
  /** The decision's code, for the keyholder's log. */
  readonly code: string
}

/** Keys of a wallet, as the ledger knows them. */
export interface WalletKeys {
  /** Ed25519, 32 bytes. */
  readonly signing: Uint8Array
  /** X25519, 32 bytes: the only key that the wallet is answered under. */
  readonly agreement: Uint8Array
}

/** A keyholder's own view of the ledger's newest executed block. Synchronous: reads in one turn see one height. */
export interface LedgerView {
  /** `fresh`: may be relied upon now (SPEC-FRESH-1). `timeMs`: block time. */
  status(): { readonly chainId: string; readonly height: number; readonly timeMs: number; readonly fresh: boolean }
  /** Current Ed25519 key of an organisation that is a live member, else `undefined`. */
  memberKey(organisation: Did): Uint8Array | undefined
  /** Current keys of a patient who holds them, in nobody's custody and not suspended; else `undefined`. */
  walletKeys(patient: Did): WalletKeys | undefined
  custodySet(number: number): CustodySet | undefined
  openAccess(access: ObjectId): OpenAccess | undefined
  /** What the access covers, decided record by record as of the moment of this call: to be used at once. */
  coverageOf(access: ObjectId): (record: RecordId, version: number) => ReleaseDecision
  /** `undefined` when there is no such version, or it was erased. */
  recordVersion(record: RecordId, version: number): CommittedRecord | undefined
}

/** Names a share: a record version, as it was dealt. What another dealt for the same version never replaces it. */
export interface ShareKey {
  readonly record: RecordId
  readonly version: number
  readonly shareRoot: Uint8Array
}

/** A share as it lies in a store: sealed under the key of an epoch. */
export interface StoredShare extends ShareKey {
  readonly epoch: number
  /** Nonce (12) ‖ AES-256-GCM. */
  readonly sealed: Uint8Array
}

/** A share that is not yet known to be on the ledger. */
export interface PendingShare extends ShareKey {
  /** When its transaction can no longer be executed: block time, Unix ms. */
  readonly validUntil: number
  /** Hash of the ciphertext that its key opens. */
  readonly ciphertext: Uint8Array
}

/** One keyholder's shares. Every change is atomic, and durable when it resolves. Drivers: memory, LMDB. */
export interface ShareStore {
  /** Adds shares, and marks them pending; what is there under the same key is replaced. */
  add(shares: readonly (StoredShare & PendingShare)[]): Promise<void>
  /** @throws VaultError `ERR_VAULT_STORE_CORRUPT` */
  get(key: ShareKey): StoredShare | undefined
  /** Removes shares, pending marks included, and replaces others by the same shares under another epoch: both or neither. */
  reseal(removed: readonly ShareKey[], replaced: readonly StoredShare[]): Promise<void>
  /** Every stored share of a record version, whoever dealt it. */
  ofVersion(record: RecordId, version: number): readonly StoredShare[]
  ofEpoch(epoch: number): readonly StoredShare[]
  countEpoch(epoch: number): number
  /** Epochs that some share lies under. */
  epochs(): readonly number[]
  /** Those whose `validUntil` is before `timeMs`, at most `limit`. */
  pendingBefore(timeMs: number, limit: number): readonly PendingShare[]
  /** Takes the marks off shares that are on the ledger. */
  settle(keys: readonly PendingShare[]): Promise<void>
}

/** Keys of epochs (32 bytes), kept apart from the shares. */
export interface EpochKeyStore {
  list(): Promise<readonly number[]>
  /** @throws VaultError `ERR_VAULT_EPOCH_KEY` when it is there and cannot be read */
  get(epoch: number): Promise<Uint8Array | undefined>
  /** Durable when it resolves. Never replaces a key. */
  put(epoch: number, key: Uint8Array): Promise<void>
  /** Resolves when the key is gone for good; destroying what is absent succeeds. */
  destroy(epoch: number): Promise<void>
}

/** The right edge of an RFC 9162 tree: roots of its perfect subtrees, largest first. */
export interface LogFrontier {
  readonly size: number
  readonly hashes: readonly Uint8Array[]
}

/** Where a release log's entries lie. */
export interface ReleaseLogStore {
  /** Appends entry number `frontier.size - 1` together with the frontier after it: both durable when it resolves. */
  append(entry: Uint8Array, frontier: LogFrontier): Promise<void>
  frontier(): LogFrontier
  /** Entries in [from, to), oldest first. */
  entries(from: number, to: number): Iterable<Uint8Array>
}

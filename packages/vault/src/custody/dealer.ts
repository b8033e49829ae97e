import {
  concatBytes, custodyBatchRoot, encodeCanonical, keyCommitment, shareCommitment, shareRoot, type BatchLeaf, type Did, type Keyholder, type RecordId,
} from '@chiron/protocol'
import { aeadSeal, importAeadKey, type AeadKey } from '../aead.ts'
import { VaultError } from '../errors.ts'
import { sendSecret } from '../hpke/suites.ts'
import type { Random } from '../random.ts'
import {
  encodePackage, MAX_BATCH_RECORDS, packageNonce, SESSION_LABEL, sessionBytes, sessionInfo, type PackageBody, type PackageHeader,
} from './package.ts'
import type { CustodySet } from './set.ts'
import { splitKey, type KeyShare } from './shares.ts'

/** A record version whose key is to be dealt; `key`, `salt` and `ciphertext` (its hash) as {@link sealEnvelope} gave them. */
export interface RecordToDeal {
  readonly record: RecordId
  readonly version: number
  readonly key: Uint8Array
  readonly salt: Uint8Array
  readonly ciphertext: Uint8Array
}

/** What of a dealt record version goes into the ledger's entry, and all commitments to its shares. */
export interface DealtRecord extends BatchLeaf {
  readonly commitments: readonly Uint8Array[]
}

export interface DealtBatch {
  readonly set: number
  /** What the keyholders sign (SPEC-CUS-4, SPEC-CUS-5). */
  readonly root: Uint8Array
  /** In the order given: the order of the transaction's entries. */
  readonly records: readonly DealtRecord[]
  /** One package for each keyholder of the set, in their order. */
  readonly packages: readonly Uint8Array[]
}

export interface DealerOptions {
  readonly chainId: string
  /** The organisation that authors records: a live member. */
  readonly did: Did
}

export interface DealerDependencies {
  /** Ed25519 signature (64 bytes) by the organisation's current signing key. */
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>
  readonly random: Random
}

interface Session {
  readonly header: Omit<PackageHeader, 'seq'>
  readonly key: AeadKey
  next: number
}

/** A session ends after so many packages, and a new key is agreed. */
const MAX_SESSION_PACKAGES = 65_536

/**
 * Splits content keys and seals each keyholder's shares to it. Keeps one session per keyholder, so that after the first
 * batch dealing costs symmetric work only. Sessions live in memory: a restart agrees on new ones.
 */
export class Dealer {
  readonly #options: DealerOptions
  readonly #dependencies: DealerDependencies
  readonly #sessions = new Map<string, Promise<Session>>()

  constructor(options: DealerOptions, dependencies: DealerDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  /**
   * Deals the keys of up to 5,000 record versions, for one transaction that ends at `validUntil` (block time, Unix ms).
   * @throws VaultError `ERR_VAULT_PARAMETERS`
   */
  async deal(set: CustodySet, records: readonly RecordToDeal[], validUntil: number): Promise<DealtBatch> {
    if (records.length === 0 || records.length > MAX_BATCH_RECORDS) {
      throw new VaultError('ERR_VAULT_PARAMETERS', 'a batch has 1 to 5000 records', { context: { records: records.length } })
    }
    const dealt: (DealtRecord & { readonly source: RecordToDeal; readonly shares: readonly KeyShare[] })[] = []
    for (const source of records) {
      const shares = await splitKey(source.key, set.keyholders.length, set.threshold)
      dealt.push({ ...commitTo(source, shares), source, shares })
    }
    const root = custodyBatchRoot(dealt)
    const packages = set.keyholders.map((keyholder, index) => {
      const body: PackageBody = {
        set: set.number,
        threshold: set.threshold,
        index,
        root,
        validUntil,
        records: dealt.map((record) => [
          record.record, record.version, record.ciphertext, record.source.salt, record.keyCommitment,
          concatBytes(...record.commitments), (record.shares[index] as KeyShare).bytes,
        ]),
      }
      return this.#seal(keyholder, encodeCanonical(body))
    })
    return { set: set.number, root, records: dealt.map(({ source: _source, shares: _shares, ...record }) => record), packages: await Promise.all(packages) }
  }

  /** Ends the session with a keyholder; the next batch agrees on a new key. For after a rotation of the signing key. */
  forget(keyholder: Did): void {
    for (const id of this.#sessions.keys()) if (id.startsWith(`${keyholder}/`)) this.#sessions.delete(id)
  }

  async #seal(keyholder: Keyholder, body: Uint8Array): Promise<Uint8Array> {
    const session = await this.#session(keyholder)
    // Taken before any await: a sequence number is a nonce and must never serve twice.
    const seq = session.next++
    const header = encodeCanonical({ ...session.header, seq })
    return encodePackage(header, await aeadSeal(session.key, packageNonce(seq), body, header))
  }

  async #session(keyholder: Keyholder): Promise<Session> {
    const id = `${keyholder.did}/${keyholder.suite}/${keyholder.kemKey.join('.')}`
    const present = this.#sessions.get(id)
    if (present) {
      const session = await present
      if (session.next < MAX_SESSION_PACKAGES) return session
      if (this.#sessions.get(id) === present) this.#sessions.delete(id)
      return await this.#session(keyholder)
    }
    const opening = this.#open(keyholder)
    this.#sessions.set(id, opening)
    try {
      return await opening
    } catch (error) {
      if (this.#sessions.get(id) === opening) this.#sessions.delete(id)
      throw error
    }
  }

  async #open({ did, suite, kemKey }: Keyholder): Promise<Session> {
    const parties = { chainId: this.#options.chainId, dealer: this.#options.did, keyholder: did, suite }
    const { enc, secret } = await sendSecret({ suite, key: kemKey }, sessionInfo(parties), SESSION_LABEL, this.#dependencies.random)
    const opening = await this.#dependencies.sign(sessionBytes(parties, enc))
    const key = await importAeadKey(secret)
    secret.fill(0)
    return { header: { v: 1, ...parties, enc, opening }, key, next: 0 }
  }
}

function commitTo({ record, version, key, salt, ciphertext }: RecordToDeal, shares: readonly KeyShare[]): DealtRecord {
  const commitments = shares.map((share) => shareCommitment(record, salt, share.index, share.bytes))
  return { record, version, ciphertext, keyCommitment: keyCommitment(record, salt, key), shareRoot: shareRoot(commitments), commitments }
}

import { RecordFlag, type Message, type RecordEntryMessage, type RecordId } from '@chiron/protocol'
import type { EnvelopeContent, Random } from '@chiron/vault'
import type { Committed, Engine } from '../../engine/engine.ts'
import { submitMessages, validUntilFrom, type Signer } from '../../ledger/submitter.ts'
import type { Custodian, Kept } from '../custody.ts'
import type { Reader } from '../reader.ts'
import type { Classification, SubjectTags } from './classify.ts'

/** One version to be written. `content` has the resource with its final `meta`. */
export interface Draft {
  readonly type: string
  readonly id: string
  readonly record: RecordId
  readonly version: number
  readonly tombstone: boolean
  readonly classification: Classification
  readonly content: EnvelopeContent
}

/** Versions that one user writes, all or none, and what is said on the ledger before them (such as a patient's registration). */
export interface WriteUnit {
  readonly reader: Reader
  readonly drafts: readonly Draft[]
  readonly first: readonly Message[]
}

const IDLE_MS = 60_000

/**
 * Writes record versions, all or none: ciphertext and key shares are durable before the ledger is asked, the ledger's
 * entry is durable before anything is acknowledged (P4).
 */
export class RecordWriter {
  readonly #engine: Engine
  readonly #signer: Signer
  readonly #custodian: Custodian
  readonly #now: () => number
  readonly #random: Random

  constructor(dependencies: { engine: Engine; signer: Signer; custodian: Custodian; now: () => number; random: Random }) {
    this.#engine = dependencies.engine
    this.#signer = dependencies.signer
    this.#custodian = dependencies.custodian
    this.#now = dependencies.now
    this.#random = dependencies.random
  }

  /**
   * Commits units in one ledger transaction: all of them or none. What the same user writes for the same purpose is one
   * message with one batch of key shares.
   * @throws LedgerRefusal when a contract refuses; GatewayError of the custodian
   */
  async write(units: readonly WriteUnit[]): Promise<Committed> {
    await this.#wake()
    const validUntil = validUntilFrom(this.#engine, this.#now())
    const puts = await Promise.all(byRecorder(units).map(async (batch) => await this.#put(batch, validUntil)))
    const committed = await submitMessages(this.#engine, this.#signer, [...units.flatMap(({ first }) => first), ...puts.map(({ message }) => message)], validUntil)
    await Promise.all(puts.map(async ({ kept }) => await kept.copyLate()))
    return committed
  }

  async #put(batch: readonly WriteUnit[], validUntil: number): Promise<{ readonly message: Message; readonly kept: Kept }> {
    const { reader } = batch[0] as WriteUnit
    const drafts = batch.flatMap((unit) => unit.drafts)
    const kept = await this.#custodian.keep(
      drafts.map((draft) => ({
        record: draft.record,
        version: draft.version,
        author: this.#signer.did,
        subjects: draft.classification.subjects.map(({ handle }) => handle),
        content: draft.content,
      })),
      validUntil,
    )
    const message: Message = {
      type: 'records.put',
      salt: this.#random(16),
      recorder: reader.did,
      purpose: reader.purpose,
      entries: drafts.map((draft, index) => entryOf(draft, kept.sealed[index] as (typeof kept.sealed)[number])),
      custodySet: kept.custodySet,
      receipts: [...kept.receipts],
    }
    return { message, kept }
  }

  /** After a pause block time is behind the clock: keyholders would take the transaction for one of the far future. */
  async #wake(): Promise<void> {
    if (this.#now() - this.#engine.status().timeMs > IDLE_MS) await this.#engine.advance()
  }
}

function byRecorder(units: readonly WriteUnit[]): readonly (readonly WriteUnit[])[] {
  const batches = new Map<string, WriteUnit[]>()
  for (const unit of units) {
    const key = `${unit.reader.did} ${unit.reader.purpose}`
    const batch = batches.get(key)
    if (batch === undefined) batches.set(key, [unit])
    else batch.push(unit)
  }
  return [...batches.values()]
}

function entryOf(draft: Draft, sealed: { ciphertext: Uint8Array; size: number; keyCommitment: Uint8Array; shareRoot: Uint8Array }): RecordEntryMessage {
  const [first, ...others] = draft.classification.subjects as readonly [SubjectTags, ...SubjectTags[]]
  return {
    record: draft.record,
    version: draft.version,
    flags: draft.classification.flags | (draft.tombstone ? RecordFlag.tombstone : 0),
    subjects: draft.classification.subjects.map(({ handle }) => handle),
    category: first.category,
    labels: [...first.labels],
    ...(first.dates === null ? {} : { dates: first.dates }),
    ciphertext: sealed.ciphertext,
    size: sealed.size,
    keyCommitment: sealed.keyCommitment,
    shareRoot: sealed.shareRoot,
    ...(others.length === 0 ? {} : { furtherTags: others.map(({ category, labels, dates }) => ({ category, labels: [...labels], ...(dates === null ? {} : { dates }) })) }),
  }
}

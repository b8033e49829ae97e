import { randomBytes } from 'node:crypto'
import {
  RecordFlag, type Handle, type Message, type RecordEntryMessage, type RecordId,
} from '@chiron/protocol'
import { recordHead } from '@chiron/ledger'
import type { Committed, Engine } from '../../engine/engine.ts'
import { submitMessages, type Signer } from '../../ledger/submitter.ts'
import type { Custodian } from '../custody.ts'
import type { Reader } from '../reader.ts'
import type { Classification } from './classify.ts'

/** One version to be written: the resource with its final `meta`, as canonical JSON. */
export interface Draft {
  readonly type: string
  readonly id: string
  readonly record: RecordId
  readonly version: number
  readonly tombstone: boolean
  readonly classification: Classification
  readonly content: Uint8Array
}

export interface Written {
  readonly committed: Committed
}

/**
 * Writes record versions, all or none: ciphertext and key shares are durable before the ledger is asked, the ledger's
 * entry is durable before anything is acknowledged (P4).
 */
export class RecordWriter {
  readonly #engine: Engine
  readonly #signer: Signer
  readonly #custodian: Custodian
  readonly #now: () => number

  constructor(dependencies: { engine: Engine; signer: Signer; custodian: Custodian; now: () => number }) {
    this.#engine = dependencies.engine
    this.#signer = dependencies.signer
    this.#custodian = dependencies.custodian
    this.#now = dependencies.now
  }

  /** The version that the next write of a record gets. */
  nextVersion(record: RecordId): number {
    return (recordHead(this.#engine.state, record)?.version ?? 0) + 1
  }

  /**
   * Commits drafts in one ledger transaction, after `first` (such as the registration of a patient).
   * @throws LedgerRefusal when a contract refuses; GatewayError of the custodian
   */
  async write(reader: Reader, drafts: readonly Draft[], first: readonly Message[] = []): Promise<Written> {
    const kept = await this.#custodian.keep(
      drafts.map((draft) => ({
        record: draft.record,
        version: draft.version,
        author: this.#signer.did,
        subjects: draft.classification.subjects,
        content: draft.content,
      })),
    )
    const put: Message = {
      type: 'records.put',
      salt: randomBytes(16),
      recorder: reader.did,
      purpose: reader.purpose,
      entries: drafts.map((draft, index) => entryOf(draft, kept.sealed[index] as (typeof kept.sealed)[number])),
      custodySet: kept.custodySet,
      receipts: [...kept.receipts],
    }
    return { committed: await submitMessages(this.#engine, this.#signer, [...first, put], this.#now()) }
  }
}

function entryOf(draft: Draft, sealed: { ciphertext: Uint8Array; size: number; keyCommitment: Uint8Array; shareRoot: Uint8Array }): RecordEntryMessage {
  return {
    record: draft.record,
    version: draft.version,
    flags: draft.classification.flags | (draft.tombstone ? RecordFlag.tombstone : 0),
    subjects: draft.classification.subjects as Handle[],
    category: draft.classification.category,
    labels: [...draft.classification.labels],
    ciphertext: sealed.ciphertext,
    size: sealed.size,
    keyCommitment: sealed.keyCommitment,
    shareRoot: sealed.shareRoot,
  }
}

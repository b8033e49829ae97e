import type { Did, ObjectId, RecordId } from '@chiron/protocol'
import type { StateReader } from '@chiron/ledger'
import type { CommittedRecord, CustodySet, LedgerView, OpenAccess, ReleaseDecision, WalletKeys } from '@chiron/vault'
import type { Engine } from '../engine/engine.ts'

/** What a keyholder asks of the state: queries of the ledger's contracts, handed in where the node is put together. */
export interface LedgerQueries {
  /** Whether the organisation is a member now. */
  isMember(state: StateReader, did: Did): boolean
  document(state: StateReader, did: Did): { readonly suspended: boolean; readonly currentKey: { readonly signing: Uint8Array } } | undefined
  /** Current keys of a patient in nobody's custody who is not suspended. */
  walletKeys(state: StateReader, did: Did): WalletKeys | undefined
  custodySet(state: StateReader, number: number): CustodySet | undefined
  /** An access by its id, also after it ended. */
  access(state: StateReader, id: ObjectId): { readonly reader: Did; readonly organisation: Did; readonly open: boolean; readonly untilMs: number } | undefined
  /** `decide()` for records under an open access, at one state and time. */
  coverageOf(state: StateReader, access: ObjectId, timeMs: number): (record: RecordId) => ReleaseDecision
  /** One version's entry; none when it is erased. */
  recordVersion(state: StateReader, record: RecordId, version: number): CommittedRecord | undefined
}

/**
 * {@link LedgerView} over the node's engine: always its newest durable block. An idle embedded ledger makes no blocks, so
 * the clock is asked as well; it can only refuse: what is covered must be covered at block time *and* now.
 */
export class EngineLedgerView implements LedgerView {
  readonly #engine: Pick<Engine, 'status' | 'state'>
  readonly #queries: LedgerQueries
  readonly #now: () => number

  constructor(engine: Pick<Engine, 'status' | 'state'>, queries: LedgerQueries, now: () => number) {
    this.#engine = engine
    this.#queries = queries
    this.#now = now
  }

  status() {
    const { chainId, height, timeMs, fresh } = this.#engine.status()
    return { chainId, height, timeMs, fresh }
  }

  memberKey(organisation: Did): Uint8Array | undefined {
    if (!this.#queries.isMember(this.#engine.state, organisation)) return undefined
    const document = this.#queries.document(this.#engine.state, organisation)
    return document && !document.suspended ? document.currentKey.signing : undefined
  }

  walletKeys(patient: Did): WalletKeys | undefined {
    return this.#queries.walletKeys(this.#engine.state, patient)
  }

  custodySet(number: number): CustodySet | undefined {
    return this.#queries.custodySet(this.#engine.state, number)
  }

  openAccess(access: ObjectId): OpenAccess | undefined {
    const found = this.#queries.access(this.#engine.state, access)
    if (!found?.open || this.#latest() >= found.untilMs) return undefined
    return { reader: found.reader, organisation: found.organisation }
  }

  coverageOf(access: ObjectId): (record: RecordId) => ReleaseDecision {
    const { timeMs } = this.#engine.status()
    const latest = this.#latest()
    const atBlockTime = this.#queries.coverageOf(this.#engine.state, access, timeMs)
    if (latest === timeMs) return atBlockTime
    const now = this.#queries.coverageOf(this.#engine.state, access, latest)
    return (record) => {
      const decision = atBlockTime(record)
      return decision.effect === 'deny' ? decision : now(record)
    }
  }

  #latest(): number {
    return Math.max(this.#engine.status().timeMs, this.#now())
  }

  recordVersion(record: RecordId, version: number): CommittedRecord | undefined {
    return this.#queries.recordVersion(this.#engine.state, record, version)
  }
}

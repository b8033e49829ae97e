import { decodeCanonical, decodeTx, equalBytes, RecordFlag, signedBlock, toHex, type Did, type Handle, type RecordEntryMessage } from '@chiron/protocol'
import { records } from '@chiron/ledger'
import type { Committed, CommittedBlock, Engine } from '../engine/engine.ts'
import type { AccessService } from './access/access-service.ts'
import type { Charts } from './access/charts.ts'
import type { Narrowing } from './access/narrowing.ts'
import { openOrder, type Custodian } from './custody.ts'
import type { IndexStore, RowUpsert } from './index/port.ts'
import type { Later } from './later.ts'
import { readContent } from './records/content.ts'
import { fetchedRow } from './records/fetched-row.ts'

/** Purpose under which a gateway reads what its organisation authored, to make its index anew. */
const MAINTENANCE = 'HOPERAT'
/** What changes how everybody's records are decided. */
const FOR_EVERYBODY: ReadonlySet<string> = new Set(['consent.ordered', 'consent.orderLifted', 'consent.termsAccepted', 'network.jurisdictionSet'])
/** What of the contract for accesses changes how a patient's records are decided. */
const CHANGES_COVERAGE: ReadonlySet<string> = new Set(['access.endorsed', 'access.emergencyDeclared', 'access.emergencyConfirmed', 'access.emergencyReviewed', 'access.emergencyContested'])

const BATCH = 500
const AGAIN_AFTER_MS = 100

/** A record version in a block, and who put it. */
interface Put {
  readonly signer: Did
  readonly entry: RecordEntryMessage
}

export interface UpkeepProgress {
  readonly done: number
  readonly total: number
}

/**
 * Keeps the index in step with the ledger: what was committed and is not in the index (a crash, a rebuild), the other
 * members' directories, and accesses that ended. Reads keys as everybody else: under accesses that are listed (P1).
 */
export class Upkeep {
  readonly #organisation: Did
  readonly #engine: Engine
  readonly #index: IndexStore
  readonly #custodian: Custodian
  readonly #access: AccessService
  readonly #charts: Charts
  readonly #narrowing: Narrowing
  readonly #inFlight = new Set<Promise<unknown>>()
  /** Of blocks that are not yet caught up with: transactions in all, and those that the index holds already. */
  readonly #transactions = new Map<number, number>()
  readonly #taken = new Map<number, number>()
  readonly #onFailure: (error: unknown) => void
  readonly #later: Later
  #running: Promise<void> | undefined
  #again = false
  #closed = false

  constructor(
    options: { organisation: Did },
    dependencies: {
      engine: Engine
      index: IndexStore
      custodian: Custodian
      access: AccessService
      charts: Charts
      narrowing: Narrowing
      onFailure: (error: unknown) => void
      later: Later
    },
  ) {
    this.#organisation = options.organisation
    this.#engine = dependencies.engine
    this.#index = dependencies.index
    this.#custodian = dependencies.custodian
    this.#access = dependencies.access
    this.#charts = dependencies.charts
    this.#narrowing = dependencies.narrowing
    this.#onFailure = dependencies.onFailure
    this.#later = dependencies.later
  }

  /** Runs a write that takes itself into the index, so that upkeep does not fetch what is on its way. */
  async during<T>(write: () => Promise<T>): Promise<T> {
    const running = write()
    const settled = running.catch(() => undefined)
    this.#inFlight.add(settled)
    try {
      return await running
    } finally {
      this.#inFlight.delete(settled)
    }
  }

  /** Waits until nothing is on its way into the index, and keeps the background out while `work` runs. */
  async alone(work: () => Promise<void>): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined)
    await this.#run(async () => {
      await Promise.all([...this.#inFlight])
      await work()
    })
  }

  /** A transaction of this organisation is in the index, with everything that it wrote. */
  took({ height }: Committed): void {
    this.#taken.set(height, (this.#taken.get(height) ?? 0) + 1)
  }

  /** Takes in what a block says; the index follows soon. */
  observe(block: CommittedBlock): void {
    this.#transactions.set(block.header.height, block.results.length)
    for (const { events } of block.results) {
      for (const { type, attributes } of events) {
        const { handle, access } = attributes
        if (handle === undefined && FOR_EVERYBODY.has(type)) {
          this.#charts.touchAll()
          this.#narrowing.touchAll()
        }
        if (type === 'access.closed' && access instanceof Uint8Array) void this.#charts.close(toHex(access)).catch(this.#onFailure)
        if (!(handle instanceof Uint8Array) || (type.startsWith('access.') && !CHANGES_COVERAGE.has(type))) continue
        this.#charts.touch(handle as Handle)
        if (type.startsWith('consent.') || type === 'records.labelled') this.#narrowing.touch(handle as Handle)
      }
    }
    this.kick()
  }

  /** Brings the index up to the newest block in the background. */
  kick(): void {
    if (this.#closed) return
    if (this.#running !== undefined) {
      this.#again = true
      return
    }
    void this.#run(() => this.catchUp()).catch(this.#onFailure)
  }

  /** Nothing else runs. What is asked for meanwhile is done soon after. */
  async #run(work: () => Promise<void>): Promise<void> {
    this.#running = work()
    try {
      await this.#running
    } finally {
      this.#running = undefined
      if (this.#again) {
        this.#again = false
        this.#later(AGAIN_AFTER_MS, () => this.kick())
      }
    }
  }

  /** Brings the index up to the newest block; to be called within {@link alone}. */
  async catchUp(onProgress?: (progress: UpkeepProgress) => void): Promise<void> {
    const from = await this.#index.height()
    const to = this.#engine.status().height
    await Promise.all([...this.#inFlight])
    if (from >= to) return
    const missing = new Map<string, records.RecordVersion>()
    let after = from
    for (let height = from + 1; height <= to; height++) {
      const puts = this.#holdsAllOf(height) ? [] : this.#putsOf(height)
      for (const { signer, entry } of puts) if (signer !== this.#organisation && entry.version > 1) await this.#handOver(entry)
      for (const version of this.#wanted(puts)) {
        const key = `${toHex(version.record)}/${version.version}`
        if (!missing.has(key) && !(await this.#holds(version))) missing.set(key, version)
      }
      if (missing.size >= BATCH || height === to) {
        await this.#fetch([...missing.values()])
        missing.clear()
        await this.#index.apply({ blocks: { after, height } })
        after = height
      }
      onProgress?.({ done: height - from, total: to - from })
    }
    for (const counts of [this.#taken, this.#transactions]) for (const height of counts.keys()) if (height <= to) counts.delete(height)
  }

  /** The index was emptied: what it had taken in is to be looked at again. */
  forget(): void {
    this.#taken.clear()
  }

  #holdsAllOf(height: number): boolean {
    const taken = this.#taken.get(height)
    return taken !== undefined && taken === this.#transactions.get(height)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#running?.catch(() => undefined)
  }

  #putsOf(height: number): Put[] {
    const bytes = this.#engine.block(height)
    if (bytes === undefined) return []
    return decodeCanonical(signedBlock, bytes).txs.flatMap((encoded) => {
      const { body } = decodeTx(encoded)
      return body.messages.flatMap((message) => (message.type === 'records.put' ? message.entries.map((entry) => ({ signer: body.signer, entry })) : []))
    })
  }

  /** Versions that belong into this index: of records authored here, or another member's directory. */
  #wanted(puts: readonly Put[]): records.RecordVersion[] {
    return puts.flatMap(({ signer, entry }) => {
      const isDirectory = (entry.flags & RecordFlag.directory) !== 0
      if (signer !== this.#organisation && !isDirectory) return []
      const committed = this.#committed(entry)
      if (committed === undefined) return []
      const author = records.recordHead(this.#engine.state, entry.record)?.author
      return isDirectory || author === this.#organisation ? [committed] : []
    })
  }

  /** Another organisation continued the record: charts bring it back as far as consent opens it. */
  async #handOver({ record }: RecordEntryMessage): Promise<void> {
    const head = records.recordHead(this.#engine.state, record)
    if (head === undefined || head.author === this.#organisation) return
    if (!(await this.#index.rowsOf({ record })).some((row) => row.authored)) return
    await this.#index.apply({ erasures: [{ record }] })
    for (const { handle } of head.subjects) this.#charts.touch(handle)
  }

  #committed(entry: RecordEntryMessage): records.RecordVersion | undefined {
    const committed = records.recordVersion(this.#engine.state, entry.record, entry.version)
    return committed !== undefined && equalBytes(committed.entry.ciphertext, entry.ciphertext) ? committed : undefined
  }

  async #holds(version: records.RecordVersion): Promise<boolean> {
    const rows = await this.#index.rowsOf({ record: version.record, version: String(version.version), form: 0 })
    return rows.length > 0
  }

  async #fetch(versions: readonly records.RecordVersion[]): Promise<void> {
    const byHandle = new Map<string, { handle: Handle; versions: records.RecordVersion[] }>()
    for (const version of versions) {
      const { handle } = version.subjects[0] as records.RecordSubject
      const group = byHandle.get(toHex(handle)) ?? { handle, versions: [] }
      group.versions.push(version)
      byHandle.set(toHex(handle), group)
    }
    const seeker = { did: this.#organisation, purpose: MAINTENANCE }
    const handles = new Map<string, Handle>()
    for (const version of versions) for (const { handle } of version.subjects) handles.set(toHex(handle), handle)
    const open = await this.#access.ensure(seeker, [...handles.values()], false)
    for (const [key, group] of byHandle) {
      const access = open.get(key)
      if (access === undefined) continue
      const contents = await this.#custodian.open(access.id, this.#organisation, group.versions.map(openOrder))
      const upserts: RowUpsert[] = []
      const aliases: { type: string; localId: string; id: string }[] = []
      for (const [index, version] of group.versions.entries()) {
        const content = readContent(contents[index] as (typeof contents)[number])
        const row = fetchedRow((record) => records.recordHead(this.#engine.state, record), this.#organisation, version, content)
        upserts.push(row)
        if (row.authored && content.localId !== undefined) aliases.push({ type: row.type, localId: content.localId, id: row.id })
      }
      await this.#index.apply({ upserts, aliases })
    }
  }
}

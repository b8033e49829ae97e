import type { SearchQuery } from '@chiron/fhir'
import type { DirectoryLock } from '../../../storage/directory-lock.ts'
import type { Later } from '../../later.ts'
import { IndexError } from '../errors.ts'
import type { HeldVersion, IndexBatch, IndexedRow, IndexStatus, IndexStore, PageRequest, RowName, RowPage, SearchAnswer } from '../port.ts'
import type { AccessKey, Visibility } from '../visibility.ts'
import { BatchWriter, prepareRow } from './batch-writer.ts'
import type { PreparedRow } from './batch-writer.ts'
import type { IndexDatabase } from './database.ts'
import { generationBase, removeGeneration } from './files.ts'
import { ReaderQueries, rowsOfRecord, versionsOfRecords } from './queries.ts'
import { changesSight, VisibilityCache } from './visibility-cache.ts'
import { IndexSession } from './session.ts'
import type { SessionOptions } from './session.ts'
import { WriteQueue } from './write-queue.ts'

export interface LibsqlStoreOptions extends SessionOptions {
  readonly directory: string
  /** FHIR base of the organisation: references below it are indexed as local. */
  readonly base?: string
  /** How long batches are held in memory before they are committed, in milliseconds. */
  readonly heldMs: number
  readonly later: Later
}

/** Rows that are prepared before other work gets a turn. */
const PREPARE_AT_ONCE = 50

/**
 * The index in one encrypted SQLite file. Statements run synchronously, so every answer sees one state; writes wait
 * for each other in a queue. `open.ts` makes it.
 */
export class LibsqlIndexStore implements IndexStore {
  readonly #options: LibsqlStoreOptions
  readonly #lock: DirectoryLock
  readonly #queue = new WriteQueue()
  #open = true
  #generation: number
  #session: IndexSession | undefined
  #failure: IndexError | undefined
  #isCommitDue = false
  #sights = new VisibilityCache()

  /** @param lock of the directory; released by `close` */
  constructor(options: LibsqlStoreOptions, lock: DirectoryLock, generation: number, session: IndexSession) {
    this.#options = options
    this.#lock = lock
    this.#generation = generation
    this.#session = session
    closeAtExit(this.#closeNow)
  }

  apply(batch: IndexBatch): Promise<void> {
    return this.#queue.run(async () => {
      const prepared = await this.#prepare(batch)
      if (changesSight(batch)) this.#sights = new VisibilityCache()
      const change = { rows: 1 + prepared.length + (batch.openings?.length ?? 0), make: (database: IndexDatabase) => new BatchWriter(database).apply(batch, prepared) }
      this.#guarded((session) => session.write(change, takesAway(batch)))
      this.#commitSoon()
    })
  }

  #commitSoon(): void {
    if (this.#isCommitDue || this.#session?.isHolding !== true) return
    this.#isCommitDue = true
    this.#options.later(this.#options.heldMs, () => {
      this.#isCommitDue = false
      // What hinders it is told to the next batch.
      void this.#queue.run(async () => this.#session === undefined || this.#guarded((session) => session.commit())).catch(() => undefined)
    })
  }

  dropAccess(access: AccessKey): Promise<void> {
    return this.apply({ closings: [access] })
  }

  async search(query: SearchQuery, visibility: Visibility, options: { readonly maxIncluded: number; readonly includedTypes?: readonly string[] }): Promise<SearchAnswer> {
    return this.#ask(visibility, (queries) => queries.search(query, options.maxIncluded, options.includedTypes))
  }

  async read(type: string, id: string, visibility: Visibility): Promise<IndexedRow | undefined> {
    return this.#ask(visibility, (queries) => queries.one(type, id))
  }

  async version(type: string, id: string, version: string, visibility: Visibility): Promise<IndexedRow | undefined> {
    return this.#ask(visibility, (queries) => queries.one(type, id, version))
  }

  async history(type: string, id: string, visibility: Visibility, page: PageRequest): Promise<RowPage> {
    return this.#ask(visibility, (queries) => queries.history(type, id, page))
  }

  async everything(patient: string, visibility: Visibility, page: PageRequest & { readonly types?: readonly string[]; readonly sinceMs?: number }): Promise<RowPage> {
    return this.#ask(visibility, (queries) => queries.everything(patient, page, page.types, page.sinceMs))
  }

  async byReference(target: { readonly type: string; readonly id: string }, parameters: readonly { readonly type: string; readonly code: string }[], visibility: Visibility, page: PageRequest): Promise<RowPage> {
    return this.#ask(visibility, (queries) => queries.byReference(target, parameters, page))
  }

  async rowsOf(name: RowName): Promise<readonly IndexedRow[]> {
    const rows = this.#query((database) => rowsOfRecord(database, this.#options.keys.digest, name.record))
    return rows.filter((row) => (name.version ?? row.version) === row.version && (name.form ?? row.form) === row.form)
  }

  async versionsOf(records: readonly Uint8Array[]): Promise<ReadonlyMap<string, readonly HeldVersion[]>> {
    return this.#query((database) => versionsOfRecords(database, records))
  }

  async openAccesses(): Promise<readonly { readonly access: AccessKey; readonly patient: string; readonly rows: number }[]> {
    const sql = "SELECT a.id AS access, a.patient AS patient, (SELECT count(*) FROM opened o WHERE o.access = a.number) AS count FROM access a WHERE a.id <> '' ORDER BY a.number"
    const rows = this.#query((database) => database.all({ sql, params: [] }))
    return rows.map((row) => ({ access: row['access'] as string, patient: row['patient'] as string, rows: row['count'] as number }))
  }

  async canonicalId(type: string, localId: string): Promise<string | undefined> {
    return this.#query((database) => database.get('SELECT id FROM alias WHERE type = ? AND local_id = ?', type, localId))?.['id'] as string | undefined
  }

  async localId(type: string, id: string): Promise<string | undefined> {
    return this.#query((database) => database.get('SELECT local_id AS id FROM alias WHERE type = ? AND id = ?', type, id))?.['id'] as string | undefined
  }

  async height(): Promise<number> {
    return this.#query((database) => database.get("SELECT value FROM meta WHERE name = 'height'"))?.['value'] as number
  }

  async status(): Promise<IndexStatus> {
    const row = this.#query((database) =>
      database.get("SELECT (SELECT value FROM meta WHERE name = 'height') AS height, (SELECT count(*) FROM resource) AS total, (SELECT count(*) FROM resource WHERE current = 1) AS live"),
    )
    return { height: row?.['height'] as number, rows: row?.['total'] as number, currentRows: row?.['live'] as number, bytes: this.#session?.bytes() ?? 0 }
  }

  verify(): Promise<void> {
    return this.#queue.run(async () => {
      for (let page: number | undefined = 1; page !== undefined; ) {
        page = this.#guarded((session) => session.verifySlice(page as number))
        await nextTurn()
      }
    })
  }

  clear(): Promise<void> {
    return this.#queue.run(async () => {
      if (!this.#open) throw new IndexError('ERR_INDEX_CLOSED')
      this.#session?.abandon()
      this.#session = undefined
      this.#sights = new VisibilityCache()
      this.#failure ??= new IndexError('ERR_INDEX_STORAGE', { reason: 'clearing' })
      removeGeneration(this.#options.directory, this.#generation)
      this.#generation += 1
      this.#session = IndexSession.create(generationBase(this.#options.directory, this.#generation), this.#options)
      this.#failure = undefined
    })
  }

  close(): Promise<void> {
    return this.#queue.run(async () => this.#closeNow())
  }

  async #prepare(batch: IndexBatch): Promise<PreparedRow[]> {
    const prepared: PreparedRow[] = []
    for (const upsert of batch.upserts ?? []) {
      prepared.push(prepareRow(upsert, this.#options.keys.digest, this.#options.base))
      if (prepared.length % PREPARE_AT_ONCE === 0) await nextTurn()
    }
    return prepared
  }

  #ask<Result>(visibility: Visibility, question: (queries: ReaderQueries) => Result): Result {
    return this.#query((database) => question(new ReaderQueries(database, this.#options.keys.digest, this.#sights.sql(database, visibility))))
  }

  #query<Result>(query: (database: IndexDatabase) => Result): Result {
    return this.#guarded((session) => session.read(query))
  }

  /** After damage was found nothing is answered until `clear`. */
  #guarded<Result>(operation: (session: IndexSession) => Result): Result {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#session === undefined) throw new IndexError('ERR_INDEX_CLOSED')
    try {
      return operation(this.#session)
    } catch (error) {
      // What was held back may have been undone: numbers of accesses are then given again.
      this.#sights = new VisibilityCache()
      if (error instanceof IndexError && error.code === 'ERR_INDEX_CORRUPT') {
        this.#failure = error
        this.#session.abandon()
        this.#session = undefined
      }
      throw error
    }
  }

  readonly #closeNow = (): void => {
    OPEN.delete(this.#closeNow)
    const session = this.#session
    this.#session = undefined
    this.#failure = undefined
    if (!this.#open) return
    this.#open = false
    try {
      session?.close()
    } finally {
      this.#lock.release()
    }
  }
}

/** Whether a batch removes what may no longer be kept: it is off the disk before it is acknowledged. */
function takesAway({ withdrawals = [], closings = [], erasures = [] }: IndexBatch): boolean {
  return withdrawals.length + closings.length + erasures.length > 0
}

const OPEN = new Set<() => void>()

/**
 * When a process ends by itself, libsql's finalizers let SQLite copy the log into the file, and the manifest would
 * not know of it: so stores that are still open close before.
 */
function closeAtExit(close: () => void): void {
  if (OPEN.size === 0 && !process.listeners('exit').includes(closeAll)) process.on('exit', closeAll)
  OPEN.add(close)
}

function closeAll(): void {
  for (const close of OPEN) close()
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

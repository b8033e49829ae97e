import { toHex } from '@chiron/protocol'
import { IndexError } from '../../src/gateway/index/errors.ts'
import type { HeldVersion, IndexBatch, IndexedRow, IndexStatus, IndexStore, PageRequest, RowForm, RowName, RowPage, RowUpsert, SearchAnswer } from '../../src/gateway/index/port.ts'
import type { Visibility } from '../../src/gateway/index/visibility.ts'

interface Row {
  readonly rid: number
  readonly upsert: RowUpsert
  current: boolean
  readonly opened: Set<string>
}

/**
 * The plainest twin of an index: an array of rows, and visibility as its definition reads. It stands in for libsql in
 * the simulation; it does not search. `pause` is waited for before each call, so that things interleave.
 */
export class MemoryIndex implements IndexStore {
  #rows: Row[] = []
  #patientOf = new Map<string, string>()
  #height = 0
  #next = 1
  readonly #pause: () => Promise<void>

  constructor(pause: () => Promise<void>) {
    this.#pause = pause
  }

  /** The same contents under another pause: what a restarted process finds. */
  reopened(pause: () => Promise<void>): MemoryIndex {
    const index = new MemoryIndex(pause)
    index.#rows = this.#rows.map((row) => ({ ...row, opened: new Set(row.opened) }))
    index.#patientOf = new Map(this.#patientOf)
    index.#height = this.#height
    index.#next = this.#next
    return index
  }

  async apply(batch: IndexBatch): Promise<void> {
    await this.#pause()
    if (batch.blocks !== undefined && batch.blocks.after !== this.#height) throw new IndexError('ERR_INDEX_HEIGHT')
    for (const { access, patient } of batch.accesses ?? []) this.#patientOf.set(access, patient)
    for (const upsert of batch.upserts ?? []) this.#upsert(upsert)
    for (const { access, ...name } of batch.openings ?? []) for (const row of this.#named(name)) row.opened.add(access)
    for (const { access, ...name } of batch.withdrawals ?? []) for (const row of this.#named(name)) row.opened.delete(access)
    for (const access of batch.closings ?? []) this.#close(access)
    for (const name of batch.erasures ?? []) {
      const gone = new Set(this.#named(name))
      this.#rows = this.#rows.filter((row) => !gone.has(row))
    }
    this.#rows = this.#rows.filter((row) => row.upsert.authored || row.upsert.directory === true || row.opened.size > 0)
    if (batch.blocks !== undefined) this.#height = batch.blocks.height
  }

  async dropAccess(access: string): Promise<void> {
    await this.apply({ closings: [access] })
  }

  async read(type: string, id: string, visibility: Visibility): Promise<IndexedRow | undefined> {
    await this.#pause()
    const found = this.#rows.find((row) => row.upsert.type === type && row.upsert.id === id && row.current && this.#isVisible(row, visibility))
    return found && indexed(found)
  }

  async version(type: string, id: string, version: string, visibility: Visibility): Promise<IndexedRow | undefined> {
    await this.#pause()
    const found = this.#rows.find((row) => row.upsert.type === type && row.upsert.id === id && row.upsert.version === version && this.#isVisible(row, visibility))
    return found && indexed(found)
  }

  async everything(patient: string, visibility: Visibility, _page: PageRequest): Promise<RowPage> {
    await this.#pause()
    const rows = this.#rows.filter((row) => row.current && row.upsert.resource !== undefined && row.upsert.subjects.includes(patient) && this.#isVisible(row, visibility))
    return { rows: rows.filter((row) => row.upsert.form === 0 || !rows.some((whole) => whole.upsert.form === 0 && sameVersion(whole, row))).map(indexed) }
  }

  async rowsOf(name: RowName): Promise<readonly IndexedRow[]> {
    await this.#pause()
    return this.#named(name).map(indexed)
  }

  async versionsOf(records: readonly Uint8Array[]): Promise<ReadonlyMap<string, readonly HeldVersion[]>> {
    await this.#pause()
    return new Map(records.map((record) => [toHex(record), this.#named({ record }).map(({ upsert: { version, form } }) => ({ version, form }))]))
  }

  async openAccesses(): Promise<readonly { readonly access: string; readonly patient: string; readonly rows: number }[]> {
    await this.#pause()
    return [...this.#patientOf].map(([access, patient]) => ({ access, patient, rows: this.#rows.filter(({ opened }) => opened.has(access)).length }))
  }

  async status(): Promise<IndexStatus> {
    await this.#pause()
    return { height: this.#height, rows: this.#rows.length, currentRows: this.#rows.filter(({ current }) => current).length, bytes: 0 }
  }

  async height(): Promise<number> {
    return (await this.status()).height
  }

  async clear(): Promise<void> {
    await this.#pause()
    this.#rows = []
    this.#patientOf.clear()
    this.#height = 0
  }

  async canonicalId(): Promise<string | undefined> {
    return undefined
  }
  async localId(): Promise<string | undefined> {
    return undefined
  }
  async verify(): Promise<void> {}
  async close(): Promise<void> {}
  search(): Promise<SearchAnswer> {
    throw new IndexError('ERR_INDEX_INPUT')
  }
  history(): Promise<RowPage> {
    throw new IndexError('ERR_INDEX_INPUT')
  }
  byReference(): Promise<RowPage> {
    throw new IndexError('ERR_INDEX_INPUT')
  }

  #upsert(upsert: RowUpsert): void {
    const same = this.#rows.find((row) => row.upsert.type === upsert.type && row.upsert.id === upsert.id && row.upsert.version === upsert.version && row.upsert.form === upsert.form)
    if (upsert.current) for (const row of this.#rows) if (row.upsert.type === upsert.type && row.upsert.id === upsert.id && row.upsert.version !== upsert.version) row.current = false
    this.#rows = this.#rows.filter((row) => row !== same)
    this.#rows.push({ rid: this.#next++, upsert, current: upsert.current, opened: new Set([...(same?.opened ?? []), ...(upsert.accesses ?? [])]) })
  }

  #close(access: string): void {
    this.#patientOf.delete(access)
    for (const { opened } of this.#rows) opened.delete(access)
  }

  #named({ record, version, form }: RowName): Row[] {
    const key = toHex(record)
    return this.#rows.filter(({ upsert }) => toHex(upsert.record) === key && (version === undefined || upsert.version === version) && (form === undefined || upsert.form === form))
  }

  /** Authored here and not narrowed, or opened by accesses that cover every patient it is about, or in the directory. */
  #isVisible({ upsert, opened }: Row, visibility: Visibility): boolean {
    if (visibility.patients !== undefined && upsert.subjects.length > 0 && !upsert.subjects.some((patient) => visibility.patients?.includes(patient))) return false
    const narrowed = visibility.narrowed?.records?.some((record) => toHex(record) === toHex(upsert.record)) === true
    if (upsert.authored && visibility.authored === 'all' && !narrowed) return true
    if (upsert.directory === true && visibility.directory) return true
    const covering = new Set(visibility.accesses.filter((access) => opened.has(access)).map((access) => this.#patientOf.get(access)))
    return upsert.subjects.length > 0 && upsert.subjects.every((patient) => covering.has(patient))
  }
}

function sameVersion(a: Row, b: Row): boolean {
  return a.upsert.type === b.upsert.type && a.upsert.id === b.upsert.id && a.upsert.version === b.upsert.version
}

function indexed({ rid, upsert, current }: Row): IndexedRow {
  const { record, type, id, version, form, authored, lastUpdatedMs, resource } = upsert
  const json = resource === undefined ? {} : { json: JSON.stringify(resource) }
  return { rid, record, type, id, version, form: form as RowForm, authored, current, deleted: resource === undefined, lastUpdatedMs, ...json }
}

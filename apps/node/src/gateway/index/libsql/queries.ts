import { compileIncludes, compileSearch, nextPage, parameterId } from '@chiron/fhir'
import type { ResourceColumn, SearchQuery, Sql } from '@chiron/fhir'
import type { KeyObject } from 'node:crypto'
import { toHex } from '@chiron/protocol'
import type { HeldVersion, IndexedRow, PageRequest, RowForm, RowPage, SearchAnswer } from '../port.ts'
import type { IndexDatabase, Row } from './database.ts'
import { readRow, ROW_COLUMNS } from './stored-row.ts'

const COLUMNS: readonly ResourceColumn[] = ['version', 'form', 'author', 'last_updated_ms', 'record', 'json', 'digest']
const LIVE = { current: 1, deleted: 0 }

/** Queries on one database for one reader. Every row that leaves has passed the reader's visibility and its digest. */
export class ReaderQueries {
  readonly #database: IndexDatabase
  readonly #digestKey: KeyObject
  readonly #visibility: Sql

  /** @param visibility the reader's, as {@link VisibilityCache} makes it for this very state of the index */
  constructor(database: IndexDatabase, digestKey: KeyObject, visibility: Sql) {
    this.#database = database
    this.#digestKey = digestKey
    this.#visibility = visibility
  }

  search(query: SearchQuery, maxIncluded: number, includedTypes?: readonly string[]): SearchAnswer {
    const options = { visibility: this.#visibility, columns: COLUMNS }
    const compiled = compileSearch(query, options)
    const found = query.count === 0 ? [] : this.#database.all(compiled.page)
    const rows = found.slice(0, query.count).map((row) => this.#live(row))
    const { included, cut } = this.#include(query, rows, maxIncluded, includedTypes)
    const counted = query.total !== 'none' || query.count === 0 || query.summary === 'count'
    const next = found.length <= query.count ? undefined : nextPage(query, found.map((row) => row['rid'] as number), newestRid(this.#database))
    const isWhole = query.count > 0 && found.length <= query.count && isFirstPage(query)
    return {
      rows,
      included,
      includedCut: cut,
      ...(counted ? { total: isWhole ? found.length : (this.#database.all(compiled.count)[0]?.['total'] as number) } : {}),
      ...(next === undefined ? {} : { next }),
    }
  }

  /** The one visible row of a version; of the newest if `version` is left out. */
  one(type: string, id: string, version?: string): IndexedRow | undefined {
    const which = version === undefined ? 'r.current = 1' : 'r.version = ?'
    return this.#select(`r.type = ? AND r.id = ? AND ${which}`, [type, id, ...(version === undefined ? [] : [version])], 'LIMIT 1', [])[0]
  }

  history(type: string, id: string, page: PageRequest): RowPage {
    const offset = page.after ?? 0
    const rows = this.#select('r.type = ? AND r.id = ?', [type, id], 'ORDER BY r.last_updated_ms DESC, r.rid DESC LIMIT ? OFFSET ?', [page.count + 1, offset])
    return rows.length > page.count ? { rows: rows.slice(0, page.count), next: offset + page.count } : { rows }
  }

  everything(patient: string, page: PageRequest, types: readonly string[] | undefined, sinceMs: number | undefined): RowPage {
    const typed = types === undefined ? '' : ' AND r.type IN (SELECT value FROM json_each(?))'
    return this.#inOrder(
      `r.rid IN (SELECT rid FROM subject WHERE patient = ?)${typed} AND r.last_updated_ms >= ?`,
      [patient, ...(types === undefined ? [] : [JSON.stringify(types)]), sinceMs ?? 0],
      page,
    )
  }

  byReference(target: { readonly type: string; readonly id: string }, parameters: readonly { readonly type: string; readonly code: string }[], page: PageRequest): RowPage {
    const numbers = parameters.map(({ type, code }) => parameterId(type, code))
    return this.#inOrder(
      'r.rid IN (SELECT rid FROM ix_reference WHERE param IN (SELECT value FROM json_each(?)) AND target_id = ? AND target_type = ?)',
      [JSON.stringify(numbers), target.id, target.type],
      page,
    )
  }

  #inOrder(condition: string, params: Sql['params'], page: PageRequest): RowPage {
    const rows = this.#select(`${condition} AND +r.current = 1 AND +r.deleted = 0 AND r.rid > ?`, [...params, page.after ?? 0], 'ORDER BY r.rid LIMIT ?', [page.count + 1])
    const last = rows[page.count - 1]
    return rows.length > page.count && last !== undefined ? { rows: rows.slice(0, page.count), next: last.rid } : { rows }
  }

  #include(query: SearchQuery, matches: readonly IndexedRow[], maxIncluded: number, types: readonly string[] | undefined): { included: IndexedRow[]; cut: boolean } {
    const included: IndexedRow[] = []
    if (query.includes.length === 0) return { included, cut: false }
    const seen = new Set(matches.map((row) => row.rid))
    let round: 'first' | 'later' = 'first'
    let found: readonly number[] = [...seen]
    while (found.length > 0) {
      const fresh: number[] = []
      for (const statement of compileIncludes(query, found, { visibility: this.#visibility, columns: COLUMNS, limit: seen.size + maxIncluded + 1, round })) {
        for (const row of this.#database.all(statement)) {
          const rid = row['rid'] as number
          if (seen.has(rid) || types?.includes(row['type'] as string) === false) continue
          if (included.length === maxIncluded) return { included, cut: true }
          seen.add(rid)
          fresh.push(rid)
          included.push(this.#live(row))
        }
      }
      found = fresh
      round = 'later'
    }
    return { included, cut: false }
  }

  #select(condition: string, params: Sql['params'], tail: string, tailParams: Sql['params']): IndexedRow[] {
    const sql = `SELECT ${ROW_COLUMNS} FROM resource r WHERE ${condition} AND (${this.#visibility.sql}) ${tail}`
    return this.#database.all({ sql, params: [...params, ...this.#visibility.params, ...tailParams] }).map((row) => readRow(this.#digestKey, row))
  }

  #live(row: Row): IndexedRow {
    return readRow(this.#digestKey, { ...row, ...LIVE })
  }
}

function isFirstPage({ start }: SearchQuery): boolean {
  return start.by === 'row' ? start.afterRid === 0 : start.offset === 0 && start.upTo === undefined
}

/** Every row of a record, whoever may see it. */
export function rowsOfRecord(database: IndexDatabase, digestKey: KeyObject, record: Uint8Array): IndexedRow[] {
  return database.all({ sql: `SELECT ${ROW_COLUMNS} FROM resource r WHERE r.record = ? ORDER BY r.rid`, params: [record] }).map((row) => readRow(digestKey, row))
}

const VERSIONS_OF = 'SELECT j.value AS name, r.version, r.form FROM json_each(?) j CROSS JOIN resource r ON r.record = unhex(j.value) ORDER BY r.rid'

/** Versions of records, by record in hexadecimal. */
export function versionsOfRecords(database: IndexDatabase, records: readonly Uint8Array[]): Map<string, HeldVersion[]> {
  const found = new Map<string, HeldVersion[]>()
  for (const row of database.all({ sql: VERSIONS_OF, params: [JSON.stringify([...new Set(records.map(toHex))])] })) {
    const name = row['name'] as string
    const held = { version: row['version'] as string, form: row['form'] as RowForm }
    const others = found.get(name)
    if (others === undefined) found.set(name, [held])
    else others.push(held)
  }
  return found
}

/** The highest row number given out so far. */
function newestRid(database: IndexDatabase): number {
  return (database.get("SELECT value FROM meta WHERE name = 'next_rid'")?.['value'] as number) - 1
}

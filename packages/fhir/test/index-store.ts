import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import type { JsonObject } from '../src/json.ts'
import { indexValues } from '../src/search/index-values.ts'
import type { IndexRow } from '../src/search/rows.ts'
import { SEARCH_SCHEMA } from '../src/search/schema.ts'
import type { Sql } from '../src/search/schema.ts'
import { INDEX_INSERTS, TERMS_INSERT, TOKEN_SYSTEM_INSERT, formatTerms, termsOf } from '../src/search/terms.ts'

export interface StoredRow {
  readonly rid: number
  readonly type: string
  readonly id: string
  readonly lastUpdatedMs: number
  readonly rows: readonly IndexRow[]
}

/** An index in memory, and beside it the same rows as plain objects for a reference matcher. */
export class IndexStore {
  readonly db: DatabaseSync = new DatabaseSync(':memory:')
  readonly stored: StoredRow[] = []

  constructor(resources: readonly JsonObject[]) {
    for (const sql of SEARCH_SCHEMA) this.db.exec(sql)
    const insert = this.db.prepare('INSERT INTO resource (rid, type, id, version, current, deleted, last_updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?)')
    const inserts = new Map<string, StatementSync>(Object.entries(INDEX_INSERTS).map(([kind, sql]) => [kind, this.db.prepare(sql)]))
    const systems = this.db.prepare(TOKEN_SYSTEM_INSERT)
    const keep = this.db.prepare(TERMS_INSERT)
    this.db.exec('BEGIN')
    resources.forEach((resource, index) => {
      const rid = index + 1
      const type = String(resource['resourceType'])
      const id = String(resource['id'])
      const lastUpdatedMs = 1_700_000_000_000 + (rid % 7) * 86_400_000
      insert.run(rid, type, id, '1', 1, 0, lastUpdatedMs)
      const rows = indexValues(resource)
      const terms = termsOf(type, rows)
      for (const { kind, key } of terms) {
        inserts.get(kind)?.run(...key, rid)
        if (kind === 'token') systems.run(...key.slice(0, 2))
      }
      keep.run(rid, formatTerms(terms))
      this.stored.push({ rid, type, id, lastUpdatedMs, rows })
    })
    this.db.exec('COMMIT')
  }

  all(statement: Sql): Record<string, unknown>[] {
    return this.db.prepare(statement.sql).all(...statement.params) as Record<string, unknown>[]
  }
}

import { searchParameter } from '../definitions/load.ts'
import { FhirError } from '../errors.ts'
import type { IndexKind, IndexRow } from './rows.ts'

export type SqlValue = string | number | null | Uint8Array

/** A statement or fragment with its positional parameters. Text from a client is only ever a parameter. */
export interface Sql {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

/**
 * The tables of the search index (SQLite dialect), as idempotent statements. The index is a projection: it may be
 * dropped and rebuilt, and must be when `searchFingerprint()` differs from the one it was built under.
 *
 * `resource` holds one row per version and form. `form` is 0 for the whole resource and 1 for an identity form
 * (`identityForm`), which may stand beside it as another current row. `author` is the gateway's number for the
 * authoring organisation. `subject` names the patients a row is about. The `ix_…` tables hold rows of current
 * versions only; `param` is the interned number of (type, code), so a lookup never crosses resource types.
 */
export const SEARCH_SCHEMA: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS resource (
    rid INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    record BLOB,
    form INTEGER NOT NULL DEFAULT 0,
    author INTEGER NOT NULL DEFAULT 0,
    current INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    last_updated_ms INTEGER NOT NULL,
    json BLOB,
    digest BLOB
  )`,
  'CREATE INDEX IF NOT EXISTS resource_by_id ON resource (type, id, version)',
  'CREATE INDEX IF NOT EXISTS resource_live ON resource (type) WHERE current = 1 AND deleted = 0',
  'CREATE INDEX IF NOT EXISTS resource_live_by_time ON resource (type, last_updated_ms) WHERE current = 1 AND deleted = 0',
  'CREATE TABLE IF NOT EXISTS subject (patient TEXT NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (patient, rid)) WITHOUT ROWID',
  'CREATE INDEX IF NOT EXISTS subject_by_rid ON subject (rid)',
  table('ix_token', 'param INTEGER NOT NULL, code TEXT NOT NULL, system TEXT NOT NULL', 'param, code, system'),
  'CREATE INDEX IF NOT EXISTS ix_token_by_system ON ix_token (param, system)',
  table('ix_text', 'param INTEGER NOT NULL, normalized TEXT NOT NULL', 'param, normalized'),
  table('ix_reference', 'param INTEGER NOT NULL, target_id TEXT NOT NULL, target_type TEXT NOT NULL', 'param, target_id, target_type'),
  table('ix_date', 'param INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL', 'param, low, high'),
  'CREATE INDEX IF NOT EXISTS ix_date_by_high ON ix_date (param, high, low)',
  table('ix_string', 'param INTEGER NOT NULL, normalized TEXT NOT NULL, exact TEXT NOT NULL', 'param, normalized, exact'),
  table('ix_quantity', 'param INTEGER NOT NULL, value REAL NOT NULL, system TEXT NOT NULL, code TEXT NOT NULL', 'param, value, code, system'),
  table('ix_uri', 'param INTEGER NOT NULL, uri TEXT NOT NULL', 'param, uri'),
  table('ix_number', 'param INTEGER NOT NULL, value REAL NOT NULL', 'param, value'),
  ...['token', 'text', 'reference', 'date', 'string', 'quantity', 'uri', 'number'].map(
    (kind) => `CREATE INDEX IF NOT EXISTS ix_${kind}_by_rid ON ix_${kind} (rid, param)`,
  ),
]

function table(name: string, columns: string, key: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name} (${columns}, rid INTEGER NOT NULL, PRIMARY KEY (${key}, rid)) WITHOUT ROWID`
}

/** Every table that holds rows of a resource by `rid`, besides `resource`. */
export const INDEX_TABLES: readonly string[] = ['subject', 'ix_token', 'ix_text', 'ix_reference', 'ix_date', 'ix_string', 'ix_quantity', 'ix_uri', 'ix_number']

/** Insert statement of each kind; `indexRowParams` gives its parameters. */
export const INDEX_INSERTS: Readonly<Record<IndexKind, string>> = {
  token: 'INSERT OR IGNORE INTO ix_token (param, code, system, rid) VALUES (?, ?, ?, ?)',
  text: 'INSERT OR IGNORE INTO ix_text (param, normalized, rid) VALUES (?, ?, ?)',
  reference: 'INSERT OR IGNORE INTO ix_reference (param, target_id, target_type, rid) VALUES (?, ?, ?, ?)',
  date: 'INSERT OR IGNORE INTO ix_date (param, low, high, rid) VALUES (?, ?, ?, ?)',
  string: 'INSERT OR IGNORE INTO ix_string (param, normalized, exact, rid) VALUES (?, ?, ?, ?)',
  quantity: 'INSERT OR IGNORE INTO ix_quantity (param, value, system, code, rid) VALUES (?, ?, ?, ?, ?)',
  uri: 'INSERT OR IGNORE INTO ix_uri (param, uri, rid) VALUES (?, ?, ?)',
  number: 'INSERT OR IGNORE INTO ix_number (param, value, rid) VALUES (?, ?, ?)',
}

/** Statements that remove every index row of a `rid`; each takes the rid as its one parameter. */
export const INDEX_DELETES: readonly string[] = INDEX_TABLES.map((name) => `DELETE FROM ${name} WHERE rid = ?`)

/** Parameters for `INDEX_INSERTS[row.kind]`. @throws FhirError ERR_FHIR_SEARCH_PARAMETER_UNKNOWN */
export function indexRowParams(type: string, rid: number, row: IndexRow): SqlValue[] {
  const param = parameterId(type, row.param)
  switch (row.kind) {
    case 'token':
      return [param, row.code, row.system, rid]
    case 'text':
      return [param, row.normalized, rid]
    case 'reference':
      return [param, row.targetId, row.targetType, rid]
    case 'date':
      return [param, row.lowMs, row.highMs, rid]
    case 'string':
      return [param, row.normalized, row.exact, rid]
    case 'quantity':
      return [param, row.value, row.system, row.code, rid]
    case 'uri':
      return [param, row.uri, rid]
    case 'number':
      return [param, row.value, rid]
  }
}

/** The number under which a search parameter is indexed. @throws FhirError ERR_FHIR_SEARCH_PARAMETER_UNKNOWN */
export function parameterId(type: string, code: string): number {
  const parameter = searchParameter(type, code)
  if (parameter === undefined) throw new FhirError('ERR_FHIR_SEARCH_PARAMETER_UNKNOWN', { type })
  return parameter.id
}

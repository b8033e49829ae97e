import { searchParameter } from '../definitions/load.ts'
import { FhirError } from '../errors.ts'

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
 * authoring organisation. `subject` names the patients a row is about. The `ix_…` tables and `terms` hold rows of
 * current versions only; `param` is the interned number of (type, code), so a lookup never crosses resource types.
 * From values to rows leads one tree per kind of value; from a row to its values leads `terms`, where they stand
 * together (`IndexTerms`). `token_system` has the systems of each parameter's tokens.
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
  'CREATE TABLE IF NOT EXISTS terms (rid INTEGER PRIMARY KEY, terms BLOB NOT NULL)',
  'CREATE TABLE IF NOT EXISTS token_system (param INTEGER NOT NULL, system TEXT NOT NULL, PRIMARY KEY (param, system)) WITHOUT ROWID',
  table('ix_token', 'param INTEGER NOT NULL, system TEXT NOT NULL, code TEXT NOT NULL', 'param, system, code'),
  table('ix_text', 'param INTEGER NOT NULL, normalized TEXT NOT NULL', 'param, normalized'),
  table('ix_reference', 'param INTEGER NOT NULL, target_id TEXT NOT NULL, target_type TEXT NOT NULL', 'param, target_id, target_type'),
  table('ix_date', 'param INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL', 'param, low, high'),
  'CREATE INDEX IF NOT EXISTS ix_date_by_high ON ix_date (param, high, low)',
  table('ix_string', 'param INTEGER NOT NULL, normalized TEXT NOT NULL, exact TEXT NOT NULL', 'param, normalized, exact'),
  table('ix_quantity', 'param INTEGER NOT NULL, value REAL NOT NULL, code TEXT NOT NULL, system TEXT NOT NULL', 'param, value, code, system'),
  table('ix_uri', 'param INTEGER NOT NULL, uri TEXT NOT NULL', 'param, uri'),
  table('ix_number', 'param INTEGER NOT NULL, value REAL NOT NULL', 'param, value'),
]

function table(name: string, columns: string, key: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name} (${columns}, rid INTEGER NOT NULL, PRIMARY KEY (${key}, rid)) WITHOUT ROWID`
}

/** The number under which a search parameter is indexed. @throws FhirError ERR_FHIR_SEARCH_PARAMETER_UNKNOWN */
export function parameterId(type: string, code: string): number {
  const parameter = searchParameter(type, code)
  if (parameter === undefined) throw new FhirError('ERR_FHIR_SEARCH_PARAMETER_UNKNOWN', { type })
  return parameter.id
}

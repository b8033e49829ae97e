import type { IndexKind, IndexRow } from './rows.ts'
import type { SqlValue } from './schema.ts'
import { parameterId } from './schema.ts'

/** Columns of a kind's table between `param` and `rid`, in the order of its key. */
export const TERM_COLUMNS = {
  token: ['system', 'code'],
  text: ['normalized'],
  reference: ['target_id', 'target_type'],
  date: ['low', 'high'],
  string: ['normalized', 'exact'],
  quantity: ['value', 'code', 'system'],
  uri: ['uri'],
  number: ['value'],
} as const satisfies Readonly<Record<IndexKind, readonly string[]>>

const KINDS = Object.keys(TERM_COLUMNS) as IndexKind[]

/** A row of `ix_<kind>` without its `rid`. */
export interface Term {
  readonly kind: IndexKind
  /** `param` and then the columns of the kind. */
  readonly key: readonly SqlValue[]
}

/** Insert statement of each kind; takes a term's key and the rid. */
export const INDEX_INSERTS = statements((kind) => `INSERT OR IGNORE INTO ix_${kind} (param, ${TERM_COLUMNS[kind].join(', ')}, rid) VALUES (?, ${TERM_COLUMNS[kind].map(() => '?, ').join('')}?)`)

/** Delete statement of each kind; takes a term's key and the rid. */
export const INDEX_DELETES = statements((kind) => `DELETE FROM ix_${kind} WHERE param = ? AND ${TERM_COLUMNS[kind].map((column) => `${column} = ? AND `).join('')}rid = ?`)

/** Takes rid and `formatTerms`. */
export const TERMS_INSERT = 'INSERT OR REPLACE INTO terms (rid, terms) VALUES (?, jsonb(?))'
/** Takes a rid; the one column `terms` is for `parseTerms`. */
export const TERMS_SELECT = 'SELECT json(terms) AS terms FROM terms WHERE rid = ?'
export const TERMS_DELETE = 'DELETE FROM terms WHERE rid = ?'

/** Takes parameter and system of each token that is inserted. */
export const TOKEN_SYSTEM_INSERT = 'INSERT OR IGNORE INTO token_system (param, system) VALUES (?, ?)'
/** Takes parameter and system of each token that was deleted: the system goes with its last token. */
export const TOKEN_SYSTEM_DELETE = 'DELETE FROM token_system WHERE param = ?1 AND system = ?2 AND NOT EXISTS (SELECT 1 FROM ix_token WHERE param = ?1 AND system = ?2)'

/** What the rows of a resource are in the tables, without numbers too large to be any. @throws FhirError ERR_FHIR_SEARCH_PARAMETER_UNKNOWN */
export function termsOf(type: string, rows: readonly IndexRow[]): Term[] {
  const terms: Term[] = []
  for (const row of rows) {
    const key = keyOf(parameterId(type, row.param), row)
    if (key.every((value) => typeof value !== 'number' || Number.isFinite(value))) terms.push({ kind: row.kind, key })
  }
  return terms
}

function keyOf(param: number, row: IndexRow): SqlValue[] {
  switch (row.kind) {
    case 'token':
      return [param, row.system, row.code]
    case 'text':
      return [param, row.normalized]
    case 'reference':
      return [param, row.targetId, row.targetType]
    case 'date':
      return [param, row.lowMs, row.highMs]
    case 'string':
      return [param, row.normalized, row.exact]
    case 'quantity':
      return [param, row.value, row.code, row.system]
    case 'uri':
      return [param, row.uri]
    case 'number':
      return [param, row.value]
  }
}

/** All terms of a resource in one JSON text: by kind and parameter, the values of each. */
export function formatTerms(terms: readonly Term[]): string {
  const lists: Record<string, SqlValue[][]> = {}
  for (const { kind, key } of terms) (lists[`${kind}${String(key[0])}`] ??= []).push(key.slice(1))
  return JSON.stringify(lists)
}

/** The terms that `formatTerms` was given, in some order. */
export function parseTerms(json: string): Term[] {
  const lists = JSON.parse(json) as Record<string, SqlValue[][]>
  return Object.entries(lists).flatMap(([name, values]) => {
    const kind = KINDS.find((one) => name.startsWith(one)) as IndexKind
    const param = Number(name.slice(kind.length))
    return values.map((value) => ({ kind, key: [param, ...value] }))
  })
}

/** JSON path, in `terms`, of the values of a parameter. */
export function termsPath(kind: IndexKind, paramId: number): string {
  return `$.${kind}${paramId}`
}

/** The values of one parameter of the row with that number, as rows with the column `value`; takes a `termsPath`. */
export function termsFrom(rid: string, alias: string): string {
  return `json_each((SELECT terms FROM terms WHERE rid = ${rid}), ?) ${alias}`
}

/** A column of a kind in a row of `json_each`. */
export function termColumn(alias: string, kind: IndexKind, column: string): string {
  return `(${alias}.value ->> ${(TERM_COLUMNS[kind] as readonly string[]).indexOf(column)})`
}

function statements(make: (kind: IndexKind) => string): Readonly<Record<IndexKind, string>> {
  return Object.fromEntries(KINDS.map((kind) => [kind, make(kind)])) as Record<IndexKind, string>
}

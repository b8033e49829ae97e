import { FhirError } from '../errors.ts'
import { LIVE, rowConditions, SqlWriter } from './compile-clauses.ts'
import type { Include, SearchQuery, SortKey } from './query.ts'
import type { IndexKind } from './rows.ts'
import type { Sql } from './schema.ts'
import { termColumn, termsFrom, termsPath } from './terms.ts'

export interface CompileOptions {
  /**
   * What the reader may see: a condition on the row of `resource` under the alias `r`. It is applied to every row
   * that is returned, counted, sorted, included or passed through by a chain. It must not use the aliases `i`, `j`,
   * `k`, `p`, `t`, `x`, `y`, and names other tables only inside subqueries.
   */
  readonly visibility: Sql
  /** Columns of `resource` to return besides `rid`, `type`, `id`; default `version, form, author, last_updated_ms, record, json`. */
  readonly columns?: readonly ResourceColumn[]
}

export type ResourceColumn = 'version' | 'form' | 'author' | 'last_updated_ms' | 'record' | 'json' | 'digest'

const DEFAULT_COLUMNS: readonly ResourceColumn[] = ['version', 'form', 'author', 'last_updated_ms', 'record', 'json']

/** The statements that answer one search. */
export interface CompiledSearch {
  /** One row more than `query.count`, so that a further page is known; empty result if `count` is 0. */
  readonly page: Sql
  /** One row with `total`: visible matches over all pages. */
  readonly count: Sql
}

/** Longest statement, in characters. Preparing one takes the time of its length squared, and nothing stops it. */
const MAX_STATEMENT = 256 * 1024

/**
 * Compiles a search to SQL for the tables of `SEARCH_SCHEMA`. Missing sort values come last; ties are in row order.
 *
 * @throws FhirError ERR_FHIR_SEARCH_TOO_COSTLY when the conditions multiply to more than a statement may have
 */
export function compileSearch(query: SearchQuery, options: CompileOptions): CompiledSearch {
  const conditions = rowConditions(query.type, query.clauses, options.visibility)
  if (conditions.sql.length > MAX_STATEMENT) throw new FhirError('ERR_FHIR_SEARCH_TOO_COSTLY', { reason: 'conditions' })
  const page = new SqlWriter().add(`SELECT ${columns('r', options)} FROM resource r WHERE `).append(conditions)
  const { start } = query
  if (start.by === 'row' && start.afterRid > 0) page.add(' AND r.rid > ?', start.afterRid)
  if (start.by === 'offset' && start.upTo !== undefined) page.add(' AND r.rid <= ?', start.upTo)
  page.add(' ORDER BY ')
  for (const key of query.sort) page.append(sortTerms(key))
  page.add('r.rid LIMIT ?', query.count === 0 ? 0 : query.count + 1)
  if (start.by === 'offset' && start.offset > 0) page.add(' OFFSET ?', start.offset)
  const count = new SqlWriter().add('SELECT COUNT(*) AS total FROM resource r WHERE ').append(conditions)
  return { page: page.done(), count: count.done() }
}

function columns(alias: string, options: CompileOptions): string {
  return ['rid', 'type', 'id', ...(options.columns ?? DEFAULT_COLUMNS)].map((column) => `${alias}.${column} AS ${column}`).join(', ')
}

/** What rows are sorted by: the column of which they have the least if ascending, that of which the greatest if descending. */
const SORT_COLUMNS: Readonly<Partial<Record<IndexKind, readonly [ascending: string, descending: string]>>> = {
  token: ['code', 'code'],
  reference: ['target_id', 'target_id'],
  date: ['low', 'high'],
  string: ['normalized', 'normalized'],
  quantity: ['value', 'value'],
  uri: ['uri', 'uri'],
  number: ['value', 'value'],
}

function sortTerms(key: SortKey): Sql {
  const direction = key.descending ? 'DESC' : 'ASC'
  if (key.by === 'id') return { sql: `r.id ${direction}, `, params: [] }
  if (key.by === 'lastUpdated') return { sql: `r.last_updated_ms ${direction}, `, params: [] }
  const kind = key.by as IndexKind
  const column = SORT_COLUMNS[kind]?.[key.descending ? 1 : 0]
  if (column === undefined) return { sql: '', params: [] }
  return {
    sql: `(SELECT ${key.descending ? 'MAX' : 'MIN'}${termColumn('k', kind, column)} FROM ${termsFrom('r.rid', 'k')}) ${direction} NULLS LAST, `,
    params: [termsPath(kind, key.paramId)],
  }
}

export interface IncludeOptions extends CompileOptions {
  /** At most this many rows per statement. */
  readonly limit: number
  /** In the first round every include applies to the matches; later ones apply `iterate` includes to what the last round found. */
  readonly round: 'first' | 'later'
}

/**
 * Statements for `_include` and `_revinclude`, one per include. A row may come more than once over the statements
 * and rounds: the caller keeps each `rid` once and stops when a round finds nothing new.
 *
 * @param rids the rows of the page, or those the last round found
 */
export function compileIncludes(query: SearchQuery, rids: readonly number[], options: IncludeOptions): Sql[] {
  if (rids.length === 0) return []
  return query.includes
    .filter((include) => options.round === 'first' || include.iterate)
    .map((include) => (include.reverse ? reverseInclude(include, rids, options) : forwardInclude(include, rids, options)))
}

function forwardInclude(include: Include, rids: readonly number[], options: IncludeOptions): Sql {
  const paths = include.paramIds.map((paramId) => termsPath('reference', paramId))
  const writer = new SqlWriter().add(
    `SELECT DISTINCT ${columns('r', options)} FROM json_each(?) j CROSS JOIN terms t ON t.rid = j.value CROSS JOIN json_each(?) p CROSS JOIN json_each(t.terms, p.value) x`,
    JSON.stringify(rids),
    JSON.stringify(paths),
  )
  const type = termColumn('x', 'reference', 'target_type')
  writer.add(` CROSS JOIN resource r ON r.type = ${type} AND r.id = ${termColumn('x', 'reference', 'target_id')} AND ${LIVE}`)
  if (include.targetType !== undefined) writer.add(` AND ${type} = ?`, include.targetType)
  return writer.add(' WHERE (').append(options.visibility).add(') ORDER BY r.rid LIMIT ?', options.limit).done()
}

function reverseInclude(include: Include, rids: readonly number[], options: IncludeOptions): Sql {
  const writer = new SqlWriter().add(
    `SELECT DISTINCT ${columns('r', options)} FROM json_each(?) j CROSS JOIN resource p ON p.rid = j.value`,
    JSON.stringify(rids),
  )
  if (include.targetType !== undefined) writer.add(' AND p.type = ?', include.targetType)
  writer.add(
    ` CROSS JOIN ix_reference x ON x.param IN (${include.paramIds.map(() => '?').join(', ')}) AND x.target_id = p.id AND x.target_type = p.type`,
    ...include.paramIds,
  )
  writer.add(` CROSS JOIN resource r ON r.rid = x.rid AND ${LIVE}`)
  return writer.add(' WHERE (').append(options.visibility).add(') ORDER BY r.rid LIMIT ?', options.limit).done()
}

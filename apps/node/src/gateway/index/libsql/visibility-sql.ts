import type { Sql, SqlValue } from '@chiron/fhir'
import type { Visibility } from '../visibility.ts'
import { DIRECTORY } from './schema.ts'

/** A {@link Visibility} with accesses and records already looked up in this index. */
export interface ResolvedVisibility {
  readonly accesses: readonly number[]
  readonly authored: Visibility['authored']
  readonly narrowedRids: readonly number[]
  readonly narrowedSubjects: readonly string[]
  readonly directory: boolean
  readonly patients?: readonly string[]
}

/**
 * The condition on the row `r` under which a reader may see it. An identity form gives way to the whole resource
 * where the reader may see both, so that a reader sees a version at most once. Uses the aliases `a`, `c`, `f`, `o`, `s`.
 */
export function visibilityFor(visibility: ResolvedVisibility): Sql {
  const row = visibleRow('r', visibility)
  const whole = visibleRow('f', visibility)
  return join([
    row,
    ' AND (r.form = 0 OR NOT EXISTS (SELECT 1 FROM resource f WHERE f.type = r.type AND f.id = r.id AND f.version = r.version AND f.form = 0 AND ',
    whole,
    '))',
  ])
}

function visibleRow(row: string, visibility: ResolvedVisibility): Sql {
  const grounds: Sql[] = []
  const own = authored(row, visibility)
  if (own !== undefined) grounds.push(own)
  const numbers = visibility.directory ? [...visibility.accesses, DIRECTORY] : visibility.accesses
  if (numbers.length > 0) grounds.push(openedTo(row, numbers))
  if (grounds.length === 0) return { sql: '0', params: [] }
  const any = join(['(', ...grounds.flatMap((ground, index) => (index === 0 ? [ground] : [' OR ', ground])), ')'])
  if (visibility.patients === undefined) return any
  const [list, params] = listOf(visibility.patients)
  return join([
    any,
    ` AND (EXISTS (SELECT 1 FROM subject s WHERE s.rid = ${row}.rid AND s.patient IN (${list})) OR NOT EXISTS (SELECT 1 FROM subject s WHERE s.rid = ${row}.rid))`,
  ], ...params)
}

function authored(row: string, visibility: ResolvedVisibility): Sql | undefined {
  if (visibility.authored === 'none') return undefined
  const parts: (Sql | string)[] = [`(${row}.author = 1`]
  if (visibility.authored !== 'all') {
    const list = JSON.stringify(visibility.authored.subjects)
    parts.push(
      ` AND EXISTS (SELECT 1 FROM subject s WHERE s.rid = ${row}.rid)`,
      { sql: ` AND NOT EXISTS (SELECT 1 FROM subject s WHERE s.rid = ${row}.rid AND s.patient NOT IN (SELECT value FROM json_each(?)))`, params: [list] },
    )
  }
  if (visibility.narrowedRids.length > 0) parts.push({ sql: ` AND ${row}.rid NOT IN (SELECT value FROM json_each(?))`, params: [JSON.stringify(visibility.narrowedRids)] })
  if (visibility.narrowedSubjects.length > 0) {
    parts.push({ sql: ` AND NOT EXISTS (SELECT 1 FROM subject s WHERE s.rid = ${row}.rid AND s.patient IN (SELECT value FROM json_each(?)))`, params: [JSON.stringify(visibility.narrowedSubjects)] })
  }
  return join([...parts, ')'])
}

/** Opened, and every patient it is about is covered by an access about that patient that opened it. */
function openedTo(row: string, numbers: readonly number[]): Sql {
  const [list, params] = listOf(numbers)
  const sql = `(EXISTS (SELECT 1 FROM opened o WHERE o.rid = ${row}.rid AND o.access IN (${list}))`
    + ` AND NOT EXISTS (SELECT 1 FROM subject s WHERE s.rid = ${row}.rid AND NOT EXISTS (`
    + `SELECT 1 FROM opened c CROSS JOIN access a ON a.number = c.access WHERE c.rid = ${row}.rid AND c.access IN (${list}) AND a.patient = s.patient)))`
  return { sql, params: [...params, ...params] }
}

/** Few values stand in the statement, in fours, so that few different statements arise; many, or none, come as one list. */
function listOf(values: readonly (number | string)[]): [sql: string, params: SqlValue[]] {
  if (values.length > 16 || values.length === 0) return ['SELECT value FROM json_each(?)', [JSON.stringify(values)]]
  const padded = [...values]
  while (padded.length % 4 !== 0) padded.push(values[0] as number | string)
  return [padded.map(() => '?').join(', '), padded]
}

function join(parts: readonly (Sql | string)[], ...last: readonly SqlValue[]): Sql {
  return {
    sql: parts.map((part) => (typeof part === 'string' ? part : part.sql)).join(''),
    params: [...parts.flatMap((part) => (typeof part === 'string' ? [] : part.params)), ...last],
  }
}

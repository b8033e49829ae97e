import { lookUp, rowHas, tableOf } from './compile-values.ts'
import type { Clause, DateValue, SearchValue } from './query.ts'
import type { IndexKind } from './rows.ts'
import type { Sql, SqlValue } from './schema.ts'
import { termColumn, termsFrom, termsPath } from './terms.ts'

/** Rows of `resource` that any search may look at; repeats the condition of the partial indexes word for word. */
export const LIVE = 'r.current = 1 AND r.deleted = 0'

/** The kinds that values of a parameter may have, if not its own alone: identifiers of references, texts of concepts. */
const KINDS_OF: Readonly<Record<string, readonly IndexKind[]>> = { reference: ['reference', 'token'], token: ['token', 'text'] }

const TARGET_ID = termColumn('x', 'reference', 'target_id')
const TARGET_TYPE = termColumn('x', 'reference', 'target_type')

/** Gathers text and parameters in the order the placeholders appear. */
export class SqlWriter {
  #sql = ''
  readonly #params: SqlValue[] = []

  add(sql: string, ...params: readonly SqlValue[]): this {
    this.#sql += sql
    this.#params.push(...params)
    return this
  }

  append(part: Sql): this {
    return this.add(part.sql, ...part.params)
  }

  done(): Sql {
    return { sql: this.#sql, params: this.#params }
  }
}

/**
 * Conditions on the row `r`: live, visible, and every clause. The most selective clause drives, as a set of row
 * numbers; the others are probed per row. The predicate is repeated for every resource that a chain goes through.
 */
export function rowConditions(type: string, clauses: readonly Clause[], visibility: Sql): Sql {
  const driver = pickDriver(clauses)
  const joined = driver?.op === 'match' ? clauses.filter((clause) => clause !== driver && isJoined(clause)) : []
  const writer = new SqlWriter()
  if (driver === undefined) writer.add(`r.type = ? AND ${LIVE}`, type)
  else {
    writer
      .add('r.rid IN (')
      .append(drive(type, driver, joined, visibility))
      .add(')')
    // The unary plus keeps the planner from choosing an index over the row numbers at hand.
    writer.add(' AND +r.type = ? AND +r.current = 1 AND +r.deleted = 0', type)
  }
  for (const clause of clauses) if (clause !== driver && !joined.includes(clause)) writer.add(' AND ').append(probe(clause, visibility))
  return writer.add(' AND (').append(visibility).add(')').done()
}

/** Whether a clause can be asked of a row number alone, before the row is looked at. */
function isJoined(clause: Clause): boolean {
  return clause.op === 'match' && !clause.negated
}

function pickDriver(clauses: readonly Clause[]): Clause | undefined {
  let best: Clause | undefined
  for (const clause of clauses) if (cost(clause) < Math.min(best === undefined ? 100 : cost(best), 100)) best = clause
  return best
}

/** Rough order of selectivity; 100 and more cannot drive. */
function cost(clause: Clause): number {
  switch (clause.op) {
    case 'id':
      return clause.negated ? 100 : 0
    case 'chain':
      return clause.targets.every((target) => cost(target.clause) < 100) ? 5 : 100
    case 'has':
      return cost(clause.clause) < 100 ? 6 : 100
    case 'match':
      return clause.negated ? 100 : Math.max(...clause.values.map(valueCost))
    default:
      return 100
  }
}

function valueCost(value: SearchValue): number {
  switch (value.kind) {
    case 'reference':
      return 1
    case 'token':
      return value.system !== undefined && value.code !== undefined ? 2 : value.code !== undefined ? 3 : 9
    case 'uri':
      return value.match === 'exact' ? 4 : value.match === 'below' ? 7 : 100
    case 'string':
      return value.match === 'starts' ? 4 : 100
    case 'text':
      return 7
    default:
      return 8
  }
}

/** A SELECT of the row numbers for which the clause holds, and those `joined` to it. */
function drive(type: string, clause: Clause, joined: readonly Clause[], visibility: Sql): Sql {
  const writer = new SqlWriter()
  if (clause.op === 'id') return writer.add(`SELECT i.rid FROM resource i WHERE i.type = ? AND i.id IN (${marks(clause.ids)})`, type, ...clause.ids).done()
  if (clause.op === 'match') {
    clause.values.forEach((value, index) => {
      writer.add(`${index === 0 ? '' : ' UNION ALL '}SELECT x.rid FROM ${tableOf(value)} x WHERE `).append(lookUp('x', clause.paramId, value))
      for (const other of joined) writer.add(' AND ').append(join(other))
    })
  } else if (clause.op === 'chain') {
    clause.targets.forEach((target, index) => {
      writer.add(
        `${index === 0 ? '' : ' UNION ALL '}SELECT x.rid FROM resource r CROSS JOIN ix_reference x ON x.param = ? AND x.target_id = r.id AND x.target_type = r.type WHERE `,
        clause.paramId,
      )
      writer.append(rowConditions(target.type, [target.clause], visibility))
    })
  } else if (clause.op === 'has') {
    writer.add(
      `SELECT t.rid FROM resource r CROSS JOIN ${termsFrom('r.rid', 'x')} CROSS JOIN resource t ON t.type = ? AND t.id = ${TARGET_ID} WHERE ${TARGET_TYPE} = ? AND `,
      termsPath('reference', clause.paramId),
      clause.target,
      clause.target,
    )
    writer.append(rowConditions(clause.type, [clause.clause], visibility))
  }
  return writer.done()
}

/** A condition on the row number of `x`. */
function join(clause: Clause): Sql {
  return clause.op === 'match' ? anyOf(clause.values.map((value) => rowHas('x.rid', 'y', clause.paramId, value))) : { sql: '1', params: [] }
}

/** A condition on the row `r`, answered from the index by row number. */
function probe(clause: Clause, visibility: Sql): Sql {
  const writer = new SqlWriter()
  switch (clause.op) {
    case 'id':
      return writer.add(`r.id ${clause.negated ? 'NOT IN' : 'IN'} (${marks(clause.ids)})`, ...clause.ids).done()
    case 'lastUpdated':
      return anyOf(clause.values.map(lastUpdatedCondition))
    case 'missing': {
      const kinds = KINDS_OF[clause.kind] ?? [clause.kind as IndexKind]
      const none = kinds.map(() => `NOT EXISTS (SELECT 1 FROM ${termsFrom('r.rid', 'x')})`)
      return writer.add(`${clause.missing ? '' : 'NOT '}(${none.join(' AND ')})`, ...kinds.map((kind) => termsPath(kind, clause.paramId))).done()
    }
    case 'match':
      return writer
        .add(clause.negated ? 'NOT ' : '')
        .append(anyOf(clause.values.map((value) => rowHas('r.rid', 'x', clause.paramId, value))))
        .done()
    case 'chain':
      return anyOf(
        clause.targets.map((target) =>
          new SqlWriter()
            .add(
              `EXISTS (SELECT 1 FROM ${termsFrom('r.rid', 'x')} WHERE ${TARGET_TYPE} = ?`,
              termsPath('reference', clause.paramId),
              target.type,
            )
            .add(` AND EXISTS (SELECT 1 FROM resource r INDEXED BY resource_by_id WHERE r.type = ? AND r.id = ${TARGET_ID} AND ${LIVE} AND `, target.type)
            .append(probe(target.clause, visibility))
            .add(' AND (')
            .append(visibility)
            .add(')))')
            .done(),
        ),
      )
    case 'has':
      return writer
        .add('EXISTS (SELECT 1 FROM ix_reference x WHERE x.param = ? AND x.target_id = r.id AND x.target_type = ?', clause.paramId, clause.target)
        .add(` AND EXISTS (SELECT 1 FROM resource r WHERE r.rid = x.rid AND ${LIVE} AND `)
        .append(probe(clause.clause, visibility))
        .add(' AND (')
        .append(visibility)
        .add(')))')
        .done()
  }
}

/** `_lastUpdated` is an instant, known to the millisecond: an interval of one. */
function lastUpdatedCondition(value: DateValue): Sql {
  const { lowMs: low, highMs: high } = value
  const at = 'r.last_updated_ms'
  switch (value.comparator) {
    case 'ne':
      return { sql: `(${at} < ? OR ${at} > ?)`, params: [low, high] }
    case 'gt':
    case 'sa':
      return { sql: `${at} > ?`, params: [high] }
    case 'lt':
    case 'eb':
      return { sql: `${at} < ?`, params: [low] }
    case 'ge':
      return { sql: `${at} >= ?`, params: [low] }
    case 'le':
      return { sql: `${at} <= ?`, params: [high] }
    default:
      return { sql: `${at} BETWEEN ? AND ?`, params: [low, high] }
  }
}

function anyOf(parts: readonly Sql[]): Sql {
  const writer = new SqlWriter().add('(')
  parts.forEach((part, index) => writer.add(index === 0 ? '' : ' OR ').append(part))
  return writer.add(')').done()
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ')
}

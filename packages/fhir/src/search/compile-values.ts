import type { NumberValue, QuantityValue, SearchValue } from './query.ts'
import type { Sql, SqlValue } from './schema.ts'
import { termColumn, termsFrom, termsPath } from './terms.ts'

/** The table a value is looked up in. */
export function tableOf(value: SearchValue): string {
  return `ix_${value.kind}`
}

/** The condition under which the row `alias` of that table is of the parameter and matches the value. */
export function lookUp(alias: string, paramId: number, value: SearchValue): Sql {
  const { sql, params } = valueCondition((column) => `${alias}.${column}`, value)
  // In the key the system comes before the code.
  const anySystem = value.kind === 'token' && value.code !== undefined && value.system === undefined
  if (!anySystem) return { sql: `${alias}.param = ? AND ${sql}`, params: [paramId, ...params] }
  return { sql: `${alias}.param = ? AND ${alias}.system IN (SELECT system FROM token_system WHERE param = ?) AND ${sql}`, params: [paramId, paramId, ...params] }
}

/** The condition under which the row with number `rid` has the value: one look at a table's key, or into its terms. */
export function rowHas(rid: string, alias: string, paramId: number, value: SearchValue): Sql {
  if (isWholeKey(value)) {
    const { sql, params } = lookUp(alias, paramId, value)
    return { sql: `EXISTS (SELECT 1 FROM ${tableOf(value)} ${alias} WHERE ${sql} AND ${alias}.rid = ${rid})`, params }
  }
  const { sql, params } = valueCondition((column) => termColumn(alias, value.kind, column), value)
  return { sql: `EXISTS (SELECT 1 FROM ${termsFrom(rid, alias)} WHERE ${sql})`, params: [termsPath(value.kind, paramId), ...params] }
}

/** Whether a value says all that stands before the row number in the key of its table. */
function isWholeKey(value: SearchValue): boolean {
  if (value.kind === 'token') return value.system !== undefined && value.code !== undefined
  if (value.kind === 'reference') return value.type !== undefined
  return value.kind === 'uri' && value.match === 'exact'
}

type Column = (name: string) => string

function valueCondition(column: Column, value: SearchValue): Sql {
  switch (value.kind) {
    case 'token':
      return all([value.code !== undefined && [`${column('code')} = ?`, value.code], value.system !== undefined && [`${column('system')} = ?`, value.system]])
    case 'text':
      return startsWith(column('normalized'), value.normalized)
    case 'reference':
      return all([[`${column('target_id')} = ?`, value.id], value.type !== undefined && [`${column('target_type')} = ?`, value.type]])
    case 'date':
      return dateCondition(column, value.comparator, value.lowMs, value.highMs)
    case 'string':
      if (value.match === 'exact') return { sql: `${column('exact')} = ?`, params: [value.text] }
      if (value.match === 'contains') return { sql: `instr(${column('normalized')}, ?) > 0`, params: [value.text] }
      return startsWith(column('normalized'), value.text)
    case 'number':
      return numberCondition(column('value'), value)
    case 'quantity': {
      const amount = numberCondition(column('value'), value)
      const unit = all([value.code !== undefined && [`${column('code')} = ?`, value.code], value.system !== undefined && [`${column('system')} = ?`, value.system]])
      return { sql: `${amount.sql} AND ${unit.sql}`, params: [...amount.params, ...unit.params] }
    }
    case 'uri':
      if (value.match === 'exact') return { sql: `${column('uri')} = ?`, params: [value.uri] }
      if (value.match === 'below') return startsWith(column('uri'), value.uri)
      return { sql: `substr(?, 1, length(${column('uri')})) = ${column('uri')}`, params: [value.uri] }
  }
}

function all(parts: readonly (readonly [string, SqlValue] | false)[]): Sql {
  const kept = parts.filter((part) => part !== false)
  return { sql: kept.length === 0 ? '1 = 1' : kept.map(([sql]) => sql).join(' AND '), params: kept.map(([, param]) => param) }
}

/** A range instead of LIKE: it uses the index and has no wildcards. U+10FFFF sorts after every character. */
function startsWith(column: string, prefix: string): Sql {
  return { sql: `${column} >= ? AND ${column} < ?`, params: [prefix, `${prefix}\u{10ffff}`] }
}

/** R4 search.html#prefix, on inclusive intervals. */
function dateCondition(column: Column, comparator: string, low: number, high: number): Sql {
  const lo = column('low')
  const hi = column('high')
  switch (comparator) {
    case 'ne':
      return { sql: `(${lo} < ? OR ${hi} > ?)`, params: [low, high] }
    case 'gt':
      return { sql: `${hi} > ?`, params: [high] }
    case 'lt':
      return { sql: `${lo} < ?`, params: [low] }
    case 'ge':
      return { sql: `${hi} >= ? AND (${hi} > ? OR ${lo} >= ?)`, params: [low, high, low] }
    case 'le':
      return { sql: `${lo} <= ? AND (${lo} < ? OR ${hi} <= ?)`, params: [high, low, high] }
    case 'sa':
      return { sql: `${lo} > ?`, params: [high] }
    case 'eb':
      return { sql: `${hi} < ?`, params: [low] }
    case 'ap':
      return { sql: `${lo} <= ? AND ${hi} >= ?`, params: [high, low] }
    default:
      return { sql: `${lo} >= ? AND ${lo} <= ? AND ${hi} <= ?`, params: [low, high, high] }
  }
}

function numberCondition(column: string, value: NumberValue | QuantityValue): Sql {
  switch (value.comparator) {
    case 'ne':
      return { sql: `(${column} < ? OR ${column} >= ?)`, params: [value.low, value.high] }
    case 'gt':
    case 'sa':
      return { sql: `${column} > ?`, params: [value.value] }
    case 'lt':
    case 'eb':
      return { sql: `${column} < ?`, params: [value.value] }
    case 'ge':
      return { sql: `${column} >= ?`, params: [value.value] }
    case 'le':
      return { sql: `${column} <= ?`, params: [value.value] }
    default:
      return { sql: `${column} >= ? AND ${column} < ?`, params: [value.low, value.high] }
  }
}

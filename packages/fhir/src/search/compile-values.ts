import type { NumberValue, QuantityValue, SearchValue } from './query.ts'
import type { Sql, SqlValue } from './schema.ts'

/** The table a value is looked up in. */
export function tableOf(value: SearchValue): string {
  return `ix_${value.kind}`
}

/** The condition a row of that table meets if it matches the value; columns are qualified with `alias`. */
export function valueCondition(alias: string, value: SearchValue): Sql {
  switch (value.kind) {
    case 'token':
      return all([value.code !== undefined && [`${alias}.code = ?`, value.code], value.system !== undefined && [`${alias}.system = ?`, value.system]])
    case 'text':
      return startsWith(`${alias}.normalized`, value.normalized)
    case 'reference':
      return all([[`${alias}.target_id = ?`, value.id], value.type !== undefined && [`${alias}.target_type = ?`, value.type]])
    case 'date':
      return dateCondition(alias, value.comparator, value.lowMs, value.highMs)
    case 'string':
      if (value.match === 'exact') return { sql: `${alias}.exact = ?`, params: [value.text] }
      if (value.match === 'contains') return { sql: `instr(${alias}.normalized, ?) > 0`, params: [value.text] }
      return startsWith(`${alias}.normalized`, value.text)
    case 'number':
      return numberCondition(`${alias}.value`, value)
    case 'quantity': {
      const amount = numberCondition(`${alias}.value`, value)
      const unit = all([value.code !== undefined && [`${alias}.code = ?`, value.code], value.system !== undefined && [`${alias}.system = ?`, value.system]])
      return { sql: `${amount.sql} AND ${unit.sql}`, params: [...amount.params, ...unit.params] }
    }
    case 'uri':
      if (value.match === 'exact') return { sql: `${alias}.uri = ?`, params: [value.uri] }
      if (value.match === 'below') return startsWith(`${alias}.uri`, value.uri)
      return { sql: `substr(?, 1, length(${alias}.uri)) = ${alias}.uri`, params: [value.uri] }
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
function dateCondition(alias: string, comparator: string, low: number, high: number): Sql {
  const lo = `${alias}.low`
  const hi = `${alias}.high`
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

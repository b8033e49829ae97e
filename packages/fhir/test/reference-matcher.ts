import type { Clause, SearchValue } from '../src/search/query.ts'
import type { IndexRow } from '../src/search/rows.ts'
import type { StoredRow } from './index-store.ts'

/** The meaning of a query, stated row by row without SQL. `visible` are the rows that chains may pass through. */
export function referenceMatches(row: StoredRow, clauses: readonly Clause[], visible: readonly StoredRow[]): boolean {
  return clauses.every((clause) => holds(row, clause, visible))
}

function holds(row: StoredRow, clause: Clause, visible: readonly StoredRow[]): boolean {
  switch (clause.op) {
    case 'id':
      return clause.ids.includes(row.id) !== clause.negated
    case 'lastUpdated':
      return clause.values.some((value) => dateMatches({ lowMs: row.lastUpdatedMs, highMs: row.lastUpdatedMs }, value))
    case 'missing':
      return row.rows.some((entry) => entry.param === clause.param) !== clause.missing
    case 'match':
      return row.rows.some((entry) => entry.param === clause.param && clause.values.some((value) => valueMatches(entry, value))) !== clause.negated
    case 'chain':
      return clause.targets.some((target) =>
        references(row, clause.param).some((entry) =>
          visible.some((other) => other.type === target.type && entry === `${other.type}/${other.id}` && holds(other, target.clause, visible)),
        ),
      )
    case 'has':
      return visible.some(
        (other) => other.type === clause.type && references(other, clause.param).includes(`${row.type}/${row.id}`) && holds(other, clause.clause, visible),
      )
  }
}

function references(row: StoredRow, param: string): string[] {
  return row.rows.flatMap((entry) => (entry.kind === 'reference' && entry.param === param ? [`${entry.targetType}/${entry.targetId}`] : []))
}

function valueMatches(entry: IndexRow, value: SearchValue): boolean {
  if (entry.kind === 'token' && value.kind === 'token')
    return (value.system === undefined || value.system === entry.system) && (value.code === undefined || value.code === entry.code)
  if (entry.kind === 'text' && value.kind === 'text') return entry.normalized.startsWith(value.normalized)
  if (entry.kind === 'reference' && value.kind === 'reference')
    return entry.targetId === value.id && (value.type === undefined || value.type === entry.targetType)
  if (entry.kind === 'date' && value.kind === 'date') return dateMatches(entry, value)
  if (entry.kind === 'string' && value.kind === 'string') {
    if (value.match === 'exact') return entry.exact === value.text
    return value.match === 'contains' ? entry.normalized.includes(value.text) : entry.normalized.startsWith(value.text)
  }
  if (entry.kind === 'uri' && value.kind === 'uri') {
    if (value.match === 'exact') return entry.uri === value.uri
    return value.match === 'below' ? entry.uri.startsWith(value.uri) : value.uri.startsWith(entry.uri)
  }
  if (entry.kind === 'quantity' && value.kind === 'quantity') {
    return (
      (value.system === undefined || value.system === entry.system) &&
      (value.code === undefined || value.code === entry.code) &&
      numberMatches(entry.value, value)
    )
  }
  return entry.kind === 'number' && value.kind === 'number' && numberMatches(entry.value, value)
}

function numberMatches(number: number, value: { comparator: string; value: number; low: number; high: number }): boolean {
  const equal = number >= value.low && number < value.high
  const tests: Record<string, boolean> = {
    eq: equal,
    ap: equal,
    ne: !equal,
    gt: number > value.value,
    sa: number > value.value,
    lt: number < value.value,
    eb: number < value.value,
    ge: number >= value.value,
    le: number <= value.value,
  }
  return tests[value.comparator] ?? false
}

function dateMatches(entry: { lowMs: number; highMs: number }, value: { comparator: string; lowMs: number; highMs: number }): boolean {
  const within = value.lowMs <= entry.lowMs && entry.highMs <= value.highMs
  const tests: Record<string, boolean> = {
    eq: within,
    ne: !within,
    gt: entry.highMs > value.highMs,
    lt: entry.lowMs < value.lowMs,
    ge: within || entry.highMs > value.highMs,
    le: within || entry.lowMs < value.lowMs,
    sa: entry.lowMs > value.highMs,
    eb: entry.highMs < value.lowMs,
    ap: entry.lowMs <= value.highMs && value.lowMs <= entry.highMs,
  }
  return tests[value.comparator] ?? false
}

const COMPARATORS = ['', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']

/** A query on values that occur, so that it finds something; the same seed gives the same query. */
export function queryFor(stored: readonly StoredRow[], seed: number): { type: string; text: string } {
  let state = seed >>> 0
  const pick = <Item>(items: readonly Item[]): Item => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return items[(state >>> 8) % items.length] as Item
  }
  const row = pick(stored)
  const params = new URLSearchParams()
  for (let left = pick([1, 1, 2, 3]); left > 0; left--) {
    const source = pick([row, row, pick(stored.filter((other) => other.type === row.type))])
    const [name, value] = pick([conditionFor(source, pick), conditionFor(source, pick), linkedCondition(row, stored, pick)])
    params.append(name, value)
  }
  return { type: row.type, text: params.toString() }
}

type Pick = <Item>(items: readonly Item[]) => Item

function conditionFor(row: StoredRow, pick: Pick): [string, string] {
  const entry = pick(row.rows.length > 0 ? row.rows : [undefined])
  if (entry === undefined) return ['_id', row.id]
  if (pick([0, 0, 0, 0, 0, 0, 0, 1]) === 1) return [`${entry.param}:missing`, pick(['true', 'false'])]
  if (pick([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]) === 1)
    return ['_lastUpdated', `${pick(COMPARATORS)}${new Date(row.lastUpdatedMs).toISOString().slice(0, pick([10, 24]))}`]
  switch (entry.kind) {
    case 'token': {
      const code = escape(entry.code)
      const isReference = row.rows.every((other) => other.param !== entry.param || other.kind === 'token' || other.kind === 'text')
      if (!isReference || entry.param === 'asserter' || entry.system === 'urn:oid:9') return [`${entry.param}:identifier`, `${escape(entry.system)}|${code}`]
      if (entry.code === '') return [entry.param, `${escape(entry.system)}|`]
      return [
        `${entry.param}${pick(['', '', '', ':not'])}`,
        pick([code, `${escape(entry.system)}|${code}`, `${code},zzz`, ...(entry.system === '' ? [] : [`${escape(entry.system)}|`])]),
      ]
    }
    case 'text':
      return [`${entry.param}:text`, escape(entry.normalized.slice(0, pick([3, 100])))]
    case 'reference':
      if (entry.targetId.startsWith('#')) return [`${entry.param}:missing`, 'false']
      return [entry.param, entry.targetType === '' ? escape(entry.targetId) : pick([entry.targetId, `${entry.targetType}/${entry.targetId}`])]
    case 'date': {
      const at = new Date(pick([entry.lowMs, Math.min(entry.highMs, 4e12)]))
      return [entry.param, pick(COMPARATORS) + at.toISOString().slice(0, pick([4, 7, 10, 24]))]
    }
    case 'string':
      return pick([
        [entry.param, escape(entry.exact.slice(0, pick([2, 4, 100])))],
        [`${entry.param}:exact`, escape(entry.exact)],
        [`${entry.param}:contains`, escape(entry.exact.slice(1, 4) || entry.exact)],
      ] as [string, string][])
    case 'quantity':
      return [entry.param, pick(COMPARATORS) + entry.value + pick(['', `||${escape(entry.code)}`, `|${escape(entry.system)}|${escape(entry.code)}`])]
    case 'uri':
      return pick([
        [entry.param, escape(entry.uri)],
        [`${entry.param}:below`, escape(entry.uri.slice(0, 20))],
        [`${entry.param}:above`, `${escape(entry.uri)}/more`],
      ] as [string, string][])
    case 'number':
      return [entry.param, `${pick(COMPARATORS)}${entry.value}`]
  }
}

function linkedCondition(row: StoredRow, stored: readonly StoredRow[], pick: Pick): [string, string] {
  const links = row.rows.flatMap((entry) => (entry.kind === 'reference' && entry.targetType !== '' ? [entry] : []))
  const incoming = stored.find((other) => other.rows.some((entry) => entry.kind === 'reference' && entry.targetType === row.type && entry.targetId === row.id))
  if (incoming && pick([true, false])) {
    const via = incoming.rows.find((entry) => entry.kind === 'reference' && entry.targetType === row.type && entry.targetId === row.id)
    const [name, value] = conditionFor(incoming, pick)
    if (via) return [`_has:${incoming.type}:${via.param}:${name}`, value]
  }
  const link = links.length > 0 ? pick(links) : undefined
  const target = link && stored.find((other) => other.type === link.targetType && other.id === link.targetId)
  if (link === undefined || target === undefined) return conditionFor(row, pick)
  const [name, value] = conditionFor(target, pick)
  return [`${link.param}:${link.targetType}.${name}`, value]
}

function escape(text: string): string {
  return text.replaceAll(/[\\,|$]/g, (char) => `\\${char}`)
}

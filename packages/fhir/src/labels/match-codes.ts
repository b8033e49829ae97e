import { SYSTEM_OF_URL, type LabelCodes, type LabelSystem, type LabelValueSet } from './value-set.ts'

/** Value sets that one code is in. */
export type CodeMatcher = (system: string, code: string) => readonly LabelValueSet[]

interface Range {
  readonly first: string
  readonly last: string
  readonly except: readonly string[]
  readonly set: LabelValueSet
}

interface SystemTable {
  readonly exact: Map<string, LabelValueSet[]>
  readonly ranges: Range[]
  /** What was found for codes as they were written. */
  readonly asked: Map<string, readonly LabelValueSet[]>
}

/** Codes of a system whose value sets are remembered: a hospital uses some thousands. */
const REMEMBERED = 10_000

/** Prepares value sets: codes are looked up, ranges tried in turn. Case and dots of ICD, CPT and HCPCS do not matter. */
export function codeMatcher(sets: readonly LabelValueSet[]): CodeMatcher {
  const tables = new Map<LabelSystem, SystemTable>()
  for (const set of sets) for (const codes of set.codes) addTo(tables, set, codes)
  return (url, code) => {
    const system = SYSTEM_OF_URL.get(url)
    const table = system === undefined ? undefined : tables.get(system)
    if (table === undefined) return NONE
    let sets = table.asked.get(code)
    if (sets === undefined) {
      sets = setsWith(table, code)
      if (table.asked.size >= REMEMBERED) table.asked.clear()
      table.asked.set(code, sets)
    }
    return sets
  }
}

function setsWith({ exact, ranges }: SystemTable, code: string): readonly LabelValueSet[] {
  const plain = code.trim().replaceAll('.', '').toUpperCase()
  const sets = exact.get(plain) ?? NONE
  const found = ranges.filter((range) => isIn(range, plain))
  return found.length === 0 ? sets : [...new Set([...sets, ...found.map(({ set }) => set)])]
}

const NONE: readonly LabelValueSet[] = []

function addTo(tables: Map<LabelSystem, SystemTable>, set: LabelValueSet, { system, codes = [], within = [], except = [] }: LabelCodes): void {
  const table = tables.get(system) ?? { exact: new Map<string, LabelValueSet[]>(), ranges: [], asked: new Map<string, readonly LabelValueSet[]>() }
  tables.set(system, table)
  for (const code of codes) table.exact.set(code, [...(table.exact.get(code) ?? []), set])
  for (const range of within) {
    const [first = '', last = first] = range.split('-')
    table.ranges.push({ first, last, except, set })
  }
}

function isIn({ first, last, except }: Range, code: string): boolean {
  const head = code.slice(0, first.length)
  return head.length === first.length && head >= first && head <= last && !except.some((start) => code.startsWith(start))
}

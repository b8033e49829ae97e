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
}

/** Prepares value sets: codes are looked up, ranges tried in turn. Case and dots of ICD, CPT and HCPCS do not matter. */
export function codeMatcher(sets: readonly LabelValueSet[]): CodeMatcher {
  const tables = new Map<LabelSystem, SystemTable>()
  for (const set of sets) for (const codes of set.codes) addTo(tables, set, codes)
  return (url, code) => {
    const system = SYSTEM_OF_URL.get(url)
    const table = system === undefined ? undefined : tables.get(system)
    if (table === undefined) return NONE
    const plain = code.trim().replaceAll('.', '').toUpperCase()
    const exact = table.exact.get(plain) ?? NONE
    const found = table.ranges.filter((range) => isIn(range, plain))
    return found.length === 0 ? exact : [...new Set([...exact, ...found.map(({ set }) => set)])]
  }
}

const NONE: readonly LabelValueSet[] = []

function addTo(tables: Map<LabelSystem, SystemTable>, set: LabelValueSet, { system, codes = [], within = [], except = [] }: LabelCodes): void {
  const table = tables.get(system) ?? { exact: new Map<string, LabelValueSet[]>(), ranges: [] }
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

import { toHex, type Action, type Did, type Grantee, type ObjectId } from '@chiron/protocol'
import { formatGrantee, isStrictlyNarrower } from './terms.ts'
import type { PatientFacts, ReaderFacts, RuleFacts, TreatmentFacts } from './types.ts'

/** A rule made ready for matching: null sets mean all, bytes are hexadecimal, no end is infinity. */
export interface IndexedRule {
  readonly id: ObjectId
  readonly key: string
  readonly isDenial: boolean
  readonly grantee: Grantee['kind']
  readonly from: number
  readonly until: number
  readonly actions: readonly Action[]
  readonly purposes: ReadonlySet<string> | null
  readonly categories: ReadonlySet<string> | null
  readonly records: ReadonlySet<string> | null
  readonly labels: ReadonlySet<string>
  /** Key of the denial that this permit names and is strictly narrower than. */
  readonly overrides: string | null
}

/** The rules for one grantee: all; those for every category; those for each category that a rule names. */
export interface RuleBucket {
  readonly every: readonly IndexedRule[]
  readonly uncategorised: readonly IndexedRule[]
  readonly byCategory: ReadonlyMap<string, readonly IndexedRule[]>
}

/** One handle's facts, indexed by grantee. Built once, good for any number of decisions at one state. */
export interface PatientSnapshot {
  readonly facts: PatientFacts
  readonly byGrantee: ReadonlyMap<string, RuleBucket>
  readonly treatments: ReadonlyMap<Did, TreatmentFacts>
  readonly authors: ReadonlySet<Did>
}

/** All that `decide()` knows. */
export interface Snapshot {
  readonly reader: ReaderFacts
  readonly patient: PatientSnapshot
}

/** Indexes the facts about a handle. */
export function indexPatient(facts: PatientFacts): PatientSnapshot {
  const denials = new Map<string, RuleFacts>()
  for (const rule of facts.rules) if (rule.terms.effect === 'deny') denials.set(toHex(rule.id), rule)
  const grouped = new Map<string, IndexedRule[]>()
  for (const rule of facts.rules) addTo(grouped, formatGrantee(rule.terms.grantee), indexRule(rule, denials))
  const byGrantee = new Map([...grouped].map(([grantee, rules]) => [grantee, bucketOf(rules)]))
  return {
    facts,
    byGrantee,
    treatments: new Map(facts.treatments.map((t) => [t.organisation, t])),
    authors: new Set(facts.authors),
  }
}

function bucketOf(every: readonly IndexedRule[]): RuleBucket {
  const byCategory = new Map<string, IndexedRule[]>()
  for (const rule of every) {
    for (const category of rule.categories ?? []) addTo(byCategory, category, rule)
  }
  return { every, uncategorised: every.filter((rule) => rule.categories === null), byCategory }
}

function addTo(lists: Map<string, IndexedRule[]>, key: string, rule: IndexedRule): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [rule])
  else list.push(rule)
}

function indexRule(rule: RuleFacts, denials: ReadonlyMap<string, RuleFacts>): IndexedRule {
  const { terms } = rule
  return {
    id: rule.id,
    key: toHex(rule.id),
    isDenial: terms.effect === 'deny',
    grantee: terms.grantee.kind,
    from: terms.from,
    until: terms.until ?? Infinity,
    actions: terms.actions,
    purposes: setOrAll(terms.purposes),
    categories: setOrAll(terms.categories.map(toHex)),
    records: setOrAll(terms.records.map(toHex)),
    labels: new Set(terms.labels.map(toHex)),
    overrides: overriddenBy(rule, denials),
  }
}

function overriddenBy({ terms }: RuleFacts, denials: ReadonlyMap<string, RuleFacts>): string | null {
  if (terms.effect !== 'permit' || terms.overrides === null) return null
  const key = toHex(terms.overrides)
  const denial = denials.get(key)
  return denial !== undefined && isStrictlyNarrower(terms, denial.terms) ? key : null
}

function setOrAll(items: readonly string[]): ReadonlySet<string> | null {
  return items.length === 0 ? null : new Set(items)
}

import { toHex, type Did, type ObjectId } from '@chiron/protocol'
import { formatGrantee, isStrictlyNarrower } from './terms.ts'
import type { PatientFacts, ReaderFacts, RuleFacts, TreatmentFacts } from './types.ts'

/** A rule made ready for matching: null sets mean all, bytes are hexadecimal. */
export interface IndexedRule {
  readonly id: ObjectId
  readonly key: string
  readonly facts: RuleFacts
  readonly purposes: ReadonlySet<string> | null
  readonly categories: ReadonlySet<string> | null
  readonly records: ReadonlySet<string> | null
  readonly labels: ReadonlySet<string>
  /** Key of the denial that this permit names and is strictly narrower than. */
  readonly overrides: string | null
}

/** One handle's facts, indexed by grantee. Built once, good for any number of decisions at one state. */
export interface PatientSnapshot {
  readonly facts: PatientFacts
  readonly byGrantee: ReadonlyMap<string, readonly IndexedRule[]>
  readonly treatments: ReadonlyMap<Did, TreatmentFacts>
  readonly authors: ReadonlySet<Did>
}

/** All that `decide()` knows. */
export interface Snapshot {
  readonly reader: ReaderFacts
  readonly patient: PatientSnapshot
}

/** Indexes the facts about a handle. The order of `facts.rules` is the order of rule ids in decisions. */
export function indexPatient(facts: PatientFacts): PatientSnapshot {
  const denials = new Map<string, RuleFacts>()
  for (const rule of facts.rules) if (rule.terms.effect === 'deny') denials.set(toHex(rule.id), rule)
  const byGrantee = new Map<string, IndexedRule[]>()
  for (const rule of facts.rules) {
    const grantee = formatGrantee(rule.terms.grantee)
    const list = byGrantee.get(grantee)
    const indexed = indexRule(rule, denials)
    if (list === undefined) byGrantee.set(grantee, [indexed])
    else list.push(indexed)
  }
  return {
    facts,
    byGrantee,
    treatments: new Map(facts.treatments.map((t) => [t.organisation, t])),
    authors: new Set(facts.authors),
  }
}

function indexRule(rule: RuleFacts, denials: ReadonlyMap<string, RuleFacts>): IndexedRule {
  const { terms } = rule
  return {
    id: rule.id,
    key: toHex(rule.id),
    facts: rule,
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

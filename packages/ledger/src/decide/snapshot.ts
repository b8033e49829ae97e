import type { Did } from '@chiron/protocol'
import { indexRules, type RuleIndex } from './rule-index.ts'
import type { PatientFacts, ReaderFacts, TreatmentFacts } from './types.ts'

/** One handle's facts, indexed. Built once, good for any number of decisions at one state; never changed. */
export interface PatientSnapshot {
  readonly facts: PatientFacts
  readonly rules: RuleIndex
  readonly orders: RuleIndex
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
  return {
    facts,
    rules: indexRules(facts.rules),
    orders: indexRules(facts.orders),
    treatments: new Map(facts.treatments.map((t) => [t.organisation, t])),
    authors: new Set(facts.authors),
  }
}

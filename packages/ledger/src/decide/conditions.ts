import { equalBytes, type RuleCondition } from '@chiron/protocol'

/** What conditions are asked about. */
export interface Circumstances {
  readonly jurisdiction: string | null
  readonly acceptedTerms: readonly Uint8Array[]
  /** Whether another professional endorsed the reader for this purpose. */
  isEndorsed(): boolean
}

/** Whether all conditions of a permit hold. An unknown jurisdiction fails the condition. */
export function permitHolds(conditions: readonly RuleCondition[], circumstances: Circumstances): boolean {
  return conditions.every((condition) => {
    switch (condition.kind) {
      case 'jurisdiction':
        return circumstances.jurisdiction !== null && condition.of.includes(circumstances.jurisdiction) === condition.within
      case 'second-person':
        return circumstances.isEndorsed()
      case 'terms':
        return circumstances.acceptedTerms.some((hash) => equalBytes(hash, condition.hash))
    }
  })
}

/** Whether a denial speaks: unless the jurisdiction is known and not meant. Other conditions do not hold a denial back. */
export function denialHolds(conditions: readonly RuleCondition[], { jurisdiction }: Circumstances): boolean {
  return conditions.every((c) => c.kind !== 'jurisdiction' || jurisdiction === null || c.of.includes(jurisdiction) === c.within)
}

/** Whether whoever meets all of `a` meets all of `b`. */
export function areConditionsWithin(a: readonly RuleCondition[], b: readonly RuleCondition[]): boolean {
  return b.every((wanted) => a.some((given) => implies(given, wanted)))
}

function implies(a: RuleCondition, b: RuleCondition): boolean {
  if (a.kind === 'terms') return b.kind === 'terms' && equalBytes(a.hash, b.hash)
  if (a.kind !== 'jurisdiction' || b.kind !== 'jurisdiction') return a.kind === b.kind
  if (a.within) return a.of.every((country) => b.of.includes(country) === b.within)
  return !b.within && b.of.every((country) => a.of.includes(country))
}

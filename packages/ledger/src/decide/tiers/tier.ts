import type { ObjectId } from '@chiron/protocol'
import type { Case } from '../case.ts'
import type { IndexedRule } from '../snapshot.ts'
import type { DecisionCode, Obligation, Tier } from '../types.ts'

export interface Verdict {
  readonly effect: 'permit' | 'deny'
  readonly code: DecisionCode
  readonly rules?: readonly ObjectId[]
  readonly obligations?: readonly Obligation[]
}

/** A place in the order. `judge` answers or passes on; null keeps the place of a tier that is not decided yet. */
export interface TierRule {
  readonly tier: Tier
  readonly name: string
  readonly judge: ((subject: Case) => Verdict | undefined) | null
}

export function idsOf(rules: readonly IndexedRule[]): ObjectId[] {
  return rules.map((rule) => rule.id)
}

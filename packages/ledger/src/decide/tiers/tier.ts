import type { ObjectId } from '@chiron/protocol'
import type { Case } from '../case.ts'
import type { Matching } from '../matching.ts'
import type { DecisionCode, Obligation, Tier } from '../types.ts'

export interface Verdict {
  readonly effect: 'permit' | 'deny'
  readonly code: DecisionCode
  readonly rules?: readonly ObjectId[]
  readonly obligations?: readonly Obligation[]
}

/** A place in the order. `judge` answers or passes on. */
export interface TierRule {
  readonly tier: Tier
  readonly name: string
  readonly judge: (subject: Case) => Verdict | undefined
}

/** The ids of groups of rules. */
export function idsOf(groups: readonly { readonly ids: readonly ObjectId[] }[]): readonly ObjectId[] {
  const [first] = groups
  return groups.length === 1 && first !== undefined ? first.ids : groups.flatMap(({ ids }) => ids)
}

/**
 * What permits say about their target: those that cover it; or else, of what identifies the person, those of other
 * records, which bring it along no further than to identify. All of them bind: every obligation of each.
 */
export function permitBy(matching: Matching, code: DecisionCode): Verdict | undefined {
  const { permits, implied } = matching
  const groups = permits.length > 0 ? permits : implied
  if (groups.length === 0) return undefined
  const obligations: Obligation[] = permits.length > 0 ? [] : ['identity-only']
  for (const { shape } of groups) obligations.push(...shape.obligations)
  return { effect: 'permit', code, rules: idsOf(groups), obligations }
}

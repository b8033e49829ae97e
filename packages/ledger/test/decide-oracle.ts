import { toHex } from '@chiron/protocol'
import { drawCase, drawFrom } from '../../../tools/vectors/decide-draw.ts'
import { WITHOUT } from '../../../tools/vectors/decide-features.ts'
import { referenceDecision, type ReferenceCase, type ReferenceDecision } from '../../../tools/vectors/decide-reference.ts'
import { decide, indexPatient } from '../src/decide/index.ts'

/** How often each code, tier and obligation was expected. */
export interface Comparison {
  readonly seen: ReadonlyMap<string, number>
  /** How often a case would have been decided otherwise without the feature. */
  readonly decisive: ReadonlyMap<string, number>
}

export const DECISION_CODES = [
  'DENY_INVALID', 'DENY_ORDER', 'PERMIT_OWN', 'PERMIT_ORDER', 'PERMIT_AUTHOR', 'PERMIT_EMERGENCY', 'DENY_RULE', 'DENY_SENSITIVE',
  'PERMIT_RULE', 'PERMIT_DIRECTORY', 'PERMIT_TREATING', 'PERMIT_DELEGATE', 'DENY_DELEGATE', 'DENY_DEFAULT',
]
export const TIERS_SEEN = ['deny 0', 'deny 1', 'permit 2', 'permit 3a', 'permit 3b', 'permit 4', 'deny 5', 'deny 6', 'permit 7', 'permit 8', 'deny 8', 'deny 9']
export const OBLIGATIONS_SEEN = ['identity-only', 'review-emergency', 'list-as-delegate', 'ENCRYPT', 'MINEC', 'NORDSCLW']

/** `decide()` on a case, in the reference's form. */
export function decideCase({ request, reader, patient, target, timeMs }: ReferenceCase): ReferenceDecision {
  const { effect, tier, code, rules, obligations } = decide({ ...request, target }, { reader, patient: indexPatient(patient) }, timeMs)
  return { effect, tier, code, rules: rules.map((id) => toHex(id)).sort(), obligations }
}

/**
 * Decides the cases of seeds [from, from + count) twice and calls `onDifference` where the two differ; of the first
 * `featureCases`, also without each feature.
 */
export function compareCases(from: number, count: number, featureCases: number, onDifference: (seed: number, got: ReferenceDecision, expected: ReferenceDecision) => void): Comparison {
  const seen = new Map<string, number>()
  const decisive = new Map<string, number>()
  for (let seed = from; seed < from + count; seed++) {
    const drawn = drawCase(drawFrom(seed))
    const expected = referenceDecision(drawn)
    const text = JSON.stringify(expected)
    const got = decideCase(drawn)
    if (JSON.stringify(got) !== text) onDifference(seed, got, expected)
    for (const key of [expected.code, `${expected.effect} ${expected.tier}`, ...expected.obligations]) seen.set(key, (seen.get(key) ?? 0) + 1)
    if (seed >= from + featureCases) continue
    for (const [feature, without] of Object.entries(WITHOUT)) {
      if (JSON.stringify(referenceDecision(without(drawn))) !== text) decisive.set(feature, (decisive.get(feature) ?? 0) + 1)
    }
  }
  return { seen, decisive }
}

import { idsOf, type TierRule } from './tier.ts'

/** The patient's explicit denials. A permit wins only by naming a denial and being strictly narrower than it. */
export const denials: TierRule = {
  tier: '5',
  name: 'denials',
  judge: ({ rules }) => (rules.denials.length === 0 ? undefined : { effect: 'deny', code: 'DENY_RULE', rules: idsOf(rules.denials) }),
}

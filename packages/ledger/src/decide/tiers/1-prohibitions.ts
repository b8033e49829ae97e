import { idsOf, type TierRule } from './tier.ts'

/**
 * Orders that deny: forbidden purposes, blocked transfers, court orders. Nobody waives them, neither the patient nor an
 * author nor an emergency. Who acts for the patient is bound by what binds the patient.
 */
export const prohibitions: TierRule = {
  tier: '1',
  name: 'prohibitions',
  judge({ orders }) {
    const { denials } = orders
    return denials.length === 0 ? undefined : { effect: 'deny', code: 'DENY_ORDER', rules: idsOf(denials) }
  },
}

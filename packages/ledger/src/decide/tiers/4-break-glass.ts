import type { TierRule } from './tier.ts'

/**
 * A clinician reads under an emergency declared for this patient, whatever the patient's denials and labels say, except
 * for what the patient hid absolutely.
 */
export const breakGlass: TierRule = {
  tier: '4',
  name: 'break-glass',
  judge({ standing, rules }) {
    const { emergencies } = standing
    if (emergencies.length === 0 || rules.denials.some(({ shape }) => shape.absolute)) return undefined
    return { effect: 'permit', code: 'PERMIT_EMERGENCY', rules: emergencies.map(({ id }) => id), obligations: ['review-emergency'] }
  },
}

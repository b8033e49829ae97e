import type { TierRule } from './tier.ts'

/**
 * A delegate reads as the patient would, narrowed to what the delegation reaches. Denials that name the delegate came
 * before; permits of the delegate's own reach what the delegation does not.
 */
export const delegation: TierRule = {
  tier: '8',
  name: 'delegation',
  judge({ standing, delegations }) {
    if (standing.delegations.length === 0) return undefined
    if (delegations.length === 0) return { effect: 'deny', code: 'DENY_DELEGATE', rules: standing.delegations.map(({ id }) => id) }
    return { effect: 'permit', code: 'PERMIT_DELEGATE', rules: delegations.map(({ id }) => id), obligations: ['list-as-delegate'] }
  },
}

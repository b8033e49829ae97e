import type { TierRule } from './tier.ts'

/**
 * A labelled record needs one permit that names every label of it. Writing is not asked: it discloses nothing. Of a
 * delegate the labels are asked in tier 8.
 */
export const sensitivity: TierRule = {
  tier: '6',
  name: 'sensitivity',
  judge({ record, request, rules, standing }) {
    if (record === null || record.labels.length === 0 || request.action === 'write') return undefined
    if (standing.delegations.length > 0 || rules.permits.length > 0 || rules.implied.length > 0) return undefined
    return { effect: 'deny', code: 'DENY_SENSITIVE' }
  },
}

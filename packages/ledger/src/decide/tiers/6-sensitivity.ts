import type { TierRule } from './tier.ts'

/** A labelled record needs one permit that names every label of it. Writing is not asked: it discloses nothing. */
export const sensitivity: TierRule = {
  tier: '6',
  name: 'sensitivity',
  judge(subject) {
    const { record, request } = subject
    if (record === null || record.labels.length === 0 || request.action === 'write') return undefined
    if (subject.permits.length > 0 || subject.implied.length > 0) return undefined
    return { effect: 'deny', code: 'DENY_SENSITIVE' }
  },
}

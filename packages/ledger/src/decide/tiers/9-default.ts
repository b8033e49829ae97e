import type { TierRule } from './tier.ts'

/** What nothing permits is denied. */
export const byDefault: TierRule = { tier: '9', name: 'default', judge: () => ({ effect: 'deny', code: 'DENY_DEFAULT' }) }

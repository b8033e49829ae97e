import type { TierRule } from './tier.ts'

/**
 * Refuses what cannot be decided: malformed requests, readers who are unknown, suspended, without a live attestation or
 * delegation, organisations that are no live member, handles nobody owns, records that are unknown or erased, and any
 * action but writing on a record that does not exist yet.
 */
export const validity: TierRule = {
  tier: '0',
  name: 'validity',
  judge({ standing, record, request }) {
    const known = record === null || record.state === 'present' || (record.state === 'new' && request.action === 'write')
    return standing.valid && known ? undefined : { effect: 'deny', code: 'DENY_INVALID' }
  },
}

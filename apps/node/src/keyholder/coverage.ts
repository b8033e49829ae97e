import { accessDecider, type RecordDecider } from '@chiron/ledger'
import { toHex } from '@chiron/protocol'
import type { LedgerFacts } from '../ledger/ledger-facts.ts'
import type { LedgerQueries } from './ledger-view.ts'

const DECIDERS = 16

/** What accesses cover, record by record. Records that are asked for together, at one state and time, share what is worked out for the access. */
export function coverage(facts: LedgerFacts): LedgerQueries['coversRecord'] {
  const deciders = new Map<string, RecordDecider>()
  let version = facts.stateVersion
  return (state, access, record, timeMs) => {
    if (version !== facts.stateVersion || deciders.size >= DECIDERS) {
      deciders.clear()
      version = facts.stateVersion
    }
    const key = `${toHex(access)} ${timeMs}`
    let decide = deciders.get(key)
    if (decide === undefined) deciders.set(key, (decide = accessDecider(state, access, timeMs, facts)))
    return decide(record).effect === 'permit' ? { effect: 'permit', code: 'COVERED' } : { effect: 'deny', code: 'NOT_COVERED' }
  }
}

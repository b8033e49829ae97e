import { access, accessDecider, custody, identity, network } from '@chiron/ledger'
import type { LedgerFacts } from '../ledger/ledger-facts.ts'
import type { LedgerQueries } from './ledger-view.ts'

/** What keyholders ask, answered by the ledger's contracts. */
export function ledgerQueries(facts: LedgerFacts): LedgerQueries {
  return {
    isMember: network.isMember,
    document: identity.document,
    walletKeys: (state, did) => (identity.isSelfHeld(state, did) ? identity.walletKey(state, did) : undefined),
    custodySet: custody.custodySet,
    access: access.access,
    coverageOf: (state, id, timeMs) => {
      const decide = accessDecider(state, id, timeMs, facts)
      return (record) => (decide(record).effect === 'permit' ? { effect: 'permit', code: 'COVERED' } : { effect: 'deny', code: 'NOT_COVERED' })
    },
    recordVersion: (_state, record, version) => {
      const found = facts.version(record, version)
      return found && { ciphertext: found.entry.ciphertext, keyCommitment: found.entry.keyCommitment, shareRoot: found.entry.shareRoot, set: found.entry.custodySet }
    },
  }
}

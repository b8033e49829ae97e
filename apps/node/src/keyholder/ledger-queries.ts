import { access, custody, identity, network } from '@chiron/ledger'
import type { LedgerFacts } from '../ledger/ledger-facts.ts'
import { coverage } from './coverage.ts'
import type { LedgerQueries } from './ledger-view.ts'

/** What keyholders ask, answered by the ledger's contracts. */
export function ledgerQueries(facts: LedgerFacts): LedgerQueries {
  return {
    isMember: network.isMember,
    document: identity.document,
    walletKeys: (state, did) => (identity.isSelfHeld(state, did) ? identity.walletKey(state, did) : undefined),
    custodySet: custody.custodySet,
    access: access.access,
    coversRecord: coverage(facts),
    recordVersion: (_state, record, version) => {
      const found = facts.version(record, version)
      return found && { ciphertext: found.entry.ciphertext, keyCommitment: found.entry.keyCommitment, shareRoot: found.entry.shareRoot, set: found.entry.custodySet }
    },
  }
}

import { defineContract } from '../../runtime/contract.ts'
import { custodyGenesis } from './genesis.ts'
import * as handlers from './handlers.ts'
import { custodyInvariants } from './invariants.ts'
import type { CustodyPorts } from './ports.ts'

export { custodyErrors } from './errors.ts'
export type { CustodyPorts } from './ports.ts'
export { custodySet, currentCustodySet, incompleteBatches, releaseLog, type CustodySet, type ReleaseLogHead } from './queries.ts'
export { isThresholdAllowed, receiptsNeeded, tolerated } from './quorum.ts'
export { acceptBatch, receiptChecks } from './receipts.ts'
export { custodyKeys } from './state.ts'

export const custodyContract = defineContract<'custody', CustodyPorts>({
  name: 'custody',
  handlers: {
    'custody.setKeyholders': handlers.setKeyholders,
    'custody.addReceipts': handlers.addReceipts,
    'custody.commitLog': handlers.commitLog,
  },
  genesis: custodyGenesis,
  invariants: custodyInvariants,
})

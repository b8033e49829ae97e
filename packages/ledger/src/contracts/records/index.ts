import { defineContract } from '../../runtime/contract.ts'
import { batchRootOf } from './batch-root.ts'
import * as handlers from './handlers.ts'
import { recordsInvariants } from './invariants.ts'
import type { RecordsPorts } from './ports.ts'

export { decodeRecordEntry, encodeRecordEntry, type RecordEntry } from './entry.ts'
export { recordsErrors } from './errors.ts'
export { MAX_LABELS } from './limits.ts'
export type { RecordsPorts } from './ports.ts'
export {
  authoredCount, authorsOf, handlesAuthoredBy, labelSetsOf, labelsOf, recordHead, recordsOf, recordVersion, type RecordSubject, type RecordVersion,
} from './queries.ts'
export { labelsKey, type LabelSets } from './state.ts'
export { writesOf, type Write } from './writes.ts'

export const recordsContract = defineContract<'records', RecordsPorts>({
  name: 'records',
  handlers: { 'records.put': handlers.put, 'records.label': handlers.label },
  signatures: (state, chainId, msg, ports) => (msg.type === 'records.put' ? ports.receiptChecks(state, chainId, msg.custodySet, batchRootOf(msg), msg.receipts) : []),
  invariants: recordsInvariants,
})

export type { AccessEntry } from '../contracts/access/entries.ts'
export { decodeAccessEntry } from '../contracts/access/entry-codec.ts'
export { decodeRecordEntry, type RecordEntry } from '../contracts/records/entry.ts'
export { fromBase64url, toBase64url } from './base64url.ts'
export { absenceReceipt, entryReceipt, entryReceipts, factReceipt, listReceipt, txReceipt } from './build-receipt.ts'
export { ProofError, type ProofErrorCode } from './errors.ts'
export { absencePath, membershipPath, verifyAbsence, verifyMembership } from './facts.ts'
export { verifyHead, verifyHeader, type HeaderSignature, type ProofHead, type ProvenHead } from './header.ts'
export { verifyEntry, verifyListHead, verifyWholeList } from './lists.ts'
export {
  buildLogConsistency, decodeLogConsistency, encodeLogConsistency, logConsistencyToJson, parseLogConsistency, verifyLogConsistency,
  type LogConsistency,
} from './log-consistency.ts'
export { decodeReceipt, encodeReceipt, parseReceipt, receiptToJson, type Receipt, type ReceiptKind, type ReceiptOf } from './receipt.ts'
export { parseTrust, trustToJson, type Trust, type WitnessPolicy } from './trust.ts'
export { verifyReceipt, type Proven } from './verify-receipt.ts'
export * from './tlog/index.ts'

export type { Draft, Fields } from './draft.ts'
export { readSignedTx, signTx, type SignedTransaction, type SignOptions } from './sign-tx.ts'
export { DEFAULT_LIFETIME_MS, TxBuilder } from './tx-builder.ts'

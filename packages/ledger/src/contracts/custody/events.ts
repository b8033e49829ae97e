import type { Did } from '@chiron/protocol'
import type { LedgerEvent } from '../../runtime/contract.ts'

export const setNamed = (set: number, threshold: number): LedgerEvent => ({ type: 'custody.setNamed', attributes: { set, threshold } })
export const receiptsAdded = (set: number, root: Uint8Array, missing: number): LedgerEvent => ({
  type: 'custody.receiptsAdded',
  attributes: { set, root, missing },
})
export const logCommitted = (keyholder: Did, root: Uint8Array, size: number): LedgerEvent => ({
  type: 'custody.logCommitted',
  attributes: { keyholder, root, size },
})

import type { Did, Handle, RecordId } from '@chiron/protocol'
import type { LedgerEvent } from '../../runtime/contract.ts'

/** Entries [from, to) of the handle's list are new. One for each handle and message. */
export const appended = (handle: Handle, author: Did, from: number, to: number): LedgerEvent => ({
  type: 'records.appended',
  attributes: { handle, author, from, to },
})
export const labelled = (handle: Handle, record: RecordId): LedgerEvent => ({ type: 'records.labelled', attributes: { handle, record } })

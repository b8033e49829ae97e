import type { Did, Handle, ObjectId } from '@chiron/protocol'
import type { LedgerEvent } from '../../runtime/contract.ts'
import type { EndorsedSubject } from './endorsement-state.ts'
import type { CloseReason } from './entries.ts'
import type { OpenRecord } from './state.ts'

export const opened = (access: ObjectId, handle: Handle, { reader, organisation, purpose, action, untilMs }: OpenRecord): LedgerEvent => ({
  type: 'access.opened',
  attributes: { access, handle, reader, organisation, purpose, action, untilMs },
})
/** The access was open already: nothing was written. */
export const kept = (access: ObjectId, handle: Handle): LedgerEvent => ({ type: 'access.kept', attributes: { access, handle } })
export const closed = (access: ObjectId, handle: Handle, reason: CloseReason): LedgerEvent => ({
  type: 'access.closed',
  attributes: { access, handle, reason },
})
/** It ends earlier than it was opened for. */
export const shortened = (access: ObjectId, handle: Handle, untilMs: number): LedgerEvent => ({
  type: 'access.shortened',
  attributes: { access, handle, untilMs },
})
/** It lasts longer than it was opened for: the emergency was confirmed. */
export const extended = (access: ObjectId, handle: Handle, untilMs: number): LedgerEvent => ({
  type: 'access.extended',
  attributes: { access, handle, untilMs },
})
export const endorsed = (handle: Handle, { reader, organisation, purpose }: EndorsedSubject, untilMs: number): LedgerEvent => ({
  type: 'access.endorsed',
  attributes: { handle, reader, organisation, purpose, untilMs },
})
export const emergencyDeclared = (emergency: ObjectId, handle: Handle, reader: Did, organisation: Did, reason: string): LedgerEvent => ({
  type: 'access.emergencyDeclared',
  attributes: { emergency, handle, reader, organisation, reason },
})
export const emergencyConfirmed = (emergency: ObjectId, handle: Handle, untilMs: number): LedgerEvent => ({
  type: 'access.emergencyConfirmed',
  attributes: { emergency, handle, untilMs },
})
export const emergencyReviewed = (emergency: ObjectId, handle: Handle, outcome: string): LedgerEvent => ({
  type: 'access.emergencyReviewed',
  attributes: { emergency, handle, outcome },
})
export const emergencyContested = (emergency: ObjectId, handle: Handle): LedgerEvent => ({
  type: 'access.emergencyContested',
  attributes: { emergency, handle },
})
export const refused = (handle: Handle, count: number): LedgerEvent => ({ type: 'access.refused', attributes: { handle, count } })
export const reported = (access: ObjectId, handle: Handle, root: Uint8Array): LedgerEvent => ({
  type: 'access.reported',
  attributes: { access, handle, root },
})

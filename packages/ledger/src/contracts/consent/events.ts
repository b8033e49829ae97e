import type { Did, Handle, ObjectId } from '@chiron/protocol'
import type { LedgerEvent } from '../../runtime/contract.ts'

export const granted = (handle: Handle, rule: ObjectId, effect: string): LedgerEvent => ({ type: 'consent.granted', attributes: { handle, rule, effect } })
export const modified = (handle: Handle, rule: ObjectId, effect: string): LedgerEvent => ({ type: 'consent.modified', attributes: { handle, rule, effect } })
export const revoked = (handle: Handle, rule: ObjectId): LedgerEvent => ({ type: 'consent.revoked', attributes: { handle, rule } })
export const requested = (handle: Handle, request: ObjectId, organisation: Did): LedgerEvent => ({
  type: 'consent.requested',
  attributes: { handle, request, organisation },
})
export const approved = (handle: Handle, request: ObjectId, rule: ObjectId): LedgerEvent => ({
  type: 'consent.approved',
  attributes: { handle, request, rule },
})
export const denied = (handle: Handle, request: ObjectId): LedgerEvent => ({ type: 'consent.denied', attributes: { handle, request } })
/** `handle` is missing where the order is about everybody. */
export const ordered = (handle: Handle | null, order: ObjectId, authority: Did, effect: string): LedgerEvent => ({
  type: 'consent.ordered',
  attributes: { ...about(handle), order, authority, effect },
})
export const orderLifted = (handle: Handle | null, order: ObjectId): LedgerEvent => ({ type: 'consent.orderLifted', attributes: { ...about(handle), order } })
export const delegateAppointed = (handle: Handle, delegate: Did, untilMs: number): LedgerEvent => ({
  type: 'consent.delegateAppointed',
  attributes: { handle, delegate, untilMs },
})
export const delegateDismissed = (handle: Handle, delegate: Did): LedgerEvent => ({ type: 'consent.delegateDismissed', attributes: { handle, delegate } })
export const termsAccepted = (organisation: Did, hash: Uint8Array): LedgerEvent => ({ type: 'consent.termsAccepted', attributes: { organisation, hash } })
export const treatmentRegistered = (handle: Handle, organisation: Did, untilMs: number): LedgerEvent => ({
  type: 'consent.treatmentRegistered',
  attributes: { handle, organisation, untilMs },
})
export const treatmentContested = (handle: Handle, organisation: Did): LedgerEvent => ({
  type: 'consent.treatmentContested',
  attributes: { handle, organisation },
})

function about(handle: Handle | null): { readonly handle?: Handle } {
  return handle === null ? {} : { handle }
}

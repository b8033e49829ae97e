import type { Did, Handle, ObjectId } from '@chiron/protocol'
import type { LedgerEvent } from '../../runtime/contract.ts'

export const registered = (did: Did, kind: string): LedgerEvent => ({ type: 'identity.registered', attributes: { did, kind } })
export const keyRotated = (did: Did, keyId: string): LedgerEvent => ({ type: 'identity.keyRotated', attributes: { did, keyId } })
export const attested = (attestation: ObjectId, subject: Did, role: string): LedgerEvent => ({
  type: 'identity.attested',
  attributes: { attestation, subject, role },
})
export const attestationRevoked = (attestation: ObjectId, subject: Did): LedgerEvent => ({
  type: 'identity.attestationRevoked',
  attributes: { attestation, subject },
})
export const delegated = (user: Did, to: Did, untilMs: number): LedgerEvent => ({ type: 'identity.delegated', attributes: { user, to, untilMs } })
export const delegationRevoked = (user: Did, to: Did): LedgerEvent => ({ type: 'identity.delegationRevoked', attributes: { user, to } })
export const handleAdded = (did: Did, handle: Handle): LedgerEvent => ({ type: 'identity.handleAdded', attributes: { did, handle } })
export const suspended = (did: Did, isSuspended: boolean): LedgerEvent => ({
  type: isSuspended ? 'identity.suspended' : 'identity.reinstated',
  attributes: { did },
})
export const claimOffered = (did: Did, untilMs: number): LedgerEvent => ({ type: 'identity.claimOffered', attributes: { did, untilMs } })
export const claimWithdrawn = (did: Did): LedgerEvent => ({ type: 'identity.claimWithdrawn', attributes: { did } })
export const claimed = (did: Did, custodian: Did): LedgerEvent => ({ type: 'identity.claimed', attributes: { did, custodian } })

import type { Did, Handle } from '@chiron/protocol'
import type { StateReader } from '../../state/reader.ts'
import type { Effects } from '../effects.ts'

export interface IdentityPorts {
  /** Whether the organisation is a member and not suspended. */
  isLiveMember(state: StateReader, did: Did): boolean
  isGovernor(state: StateReader, did: Did): boolean
  /** The organisation that brings a patient's handle treats the patient from then on. */
  startTreatment(effects: Effects, handle: Handle, organisation: Did): void
  /** Ends the handle's accesses that have no basis any more. */
  endAccesses(effects: Effects, handle: Handle): void
  /** Puts into the patient's list that the identity was offered or claimed. */
  list(effects: Effects, handle: Handle, entry: ClaimListing): void
  /** Ed25519, as strictly as `verifyEd25519` of protocol. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** What the patient sees of an offer and of the claim. */
export type ClaimListing =
  | { readonly kind: 'claim-offer'; readonly organisation: Did; readonly untilMs: number }
  | { readonly kind: 'claim'; readonly organisation: Did; readonly custodian: Did }

import type { Did, Handle, ObjectId } from '@chiron/protocol'
import type { StateReader } from '../../state/reader.ts'
import type { Effects } from '../effects.ts'

/** What consent writes into the patient's list of accesses, so that changes of consent stand in it. */
export type ConsentEntry =
  | { readonly kind: 'grant' | 'modify'; readonly rule: ObjectId; readonly effect: 'permit' | 'deny'; readonly terms: Uint8Array }
  | { readonly kind: 'revoke'; readonly rule: ObjectId }
  | { readonly kind: 'request'; readonly request: ObjectId; readonly reader: Did; readonly organisation: Did }
  | { readonly kind: 'answer'; readonly request: ObjectId; readonly rule: ObjectId | null }
  | { readonly kind: 'treatment'; readonly organisation: Did; readonly untilMs: number }
  | { readonly kind: 'contest'; readonly organisation: Did }
  | {
      readonly kind: 'order'
      readonly order: ObjectId
      readonly authority: Did
      readonly effect: 'permit' | 'deny'
      readonly terms: Uint8Array
      readonly basis: Uint8Array
    }
  | { readonly kind: 'lift'; readonly order: ObjectId; readonly by: Did }
  | { readonly kind: 'appoint'; readonly delegation: ObjectId; readonly delegate: Did; readonly untilMs: number; readonly scope: Uint8Array }
  | { readonly kind: 'dismiss'; readonly delegate: Did }

export interface ConsentPorts {
  isLiveMember(state: StateReader, did: Did): boolean
  /** The patient who owns a handle; undefined for an organisation's handle. */
  patientOf(state: StateReader, handle: Handle): Did | undefined
  /** Whether another holds the patient's key and this is no sample network. */
  isCustodial(state: StateReader, patient: Did): boolean
  /** Whether the identity is a person, device or patient. */
  isPerson(state: StateReader, did: Did): boolean
  isOrganisation(state: StateReader, did: Did): boolean
  /** Whether the identity is of a patient: a person who acts for themselves. */
  isPatient(state: StateReader, did: Did): boolean
  isGovernor(state: StateReader, did: Did): boolean
  /** Whether governance attested the organisation, for a time that lasts, as regulator or public-health authority. */
  isAuthority(state: StateReader, did: Did, timeMs: number): boolean
  /** Whether a person or device, or the organisation itself, is of the organisation. */
  belongsTo(state: StateReader, did: Did, organisation: Did, timeMs: number): boolean
  /** Ends the handle's accesses that have lost their basis. */
  endAccesses(effects: Effects, handle: Handle): void
  list(effects: Effects, handle: Handle, entry: ConsentEntry): void
}

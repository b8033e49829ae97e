import type { Did, Handle, ObjectId, Role } from '@chiron/protocol'
import type { StateReader } from '../../state/reader.ts'
import * as store from './state.ts'

export interface VerificationKey {
  /** `k1`, `k2`… */
  readonly id: string
  readonly signing: Uint8Array
  readonly agreement: Uint8Array
  readonly fromMs: number
  /** Null while it is the identity's key. */
  readonly untilMs: number | null
}

/** An identity with all keys it ever had, newest last. The last one is the only valid one. */
export interface DidDocument {
  readonly did: Did
  readonly kind: store.IdentityRecord['kind']
  readonly controller: Did | null
  readonly suspended: boolean
  readonly sinceMs: number
  readonly currentKey: VerificationKey
  readonly keys: readonly VerificationKey[]
}

export interface Attestation extends store.AttestationRecord {
  readonly id: ObjectId
  readonly subject: Did
}

export interface Delegation extends store.DelegationRecord {
  readonly user: Did
  readonly to: Did
}

export const formatKeyId = (number: number): string => `k${number}`

export function identity(state: StateReader, did: Did): store.IdentityRecord | undefined {
  return store.getIdentity(state, did)
}

export function document(state: StateReader, did: Did): DidDocument | undefined {
  const record = store.getIdentity(state, did)
  if (record === undefined) return undefined
  const keys = [...store.listKeys(state, did)].map(([number, { signing, agreement, fromMs, untilMs }]) => ({
    id: formatKeyId(number), signing, agreement, fromMs, untilMs,
  }))
  const currentKey = keys.find((k) => k.id === formatKeyId(record.key))
  if (currentKey === undefined) return undefined
  const { kind, controller, suspended, sinceMs } = record
  return { did, kind, controller, suspended, sinceMs, currentKey, keys }
}

export function isRegistered(state: StateReader, did: Did): boolean {
  return store.getIdentity(state, did) !== undefined
}

export function isSuspended(state: StateReader, did: Did): boolean {
  return store.getIdentity(state, did)?.suspended ?? false
}

/** Who has the identity in custody or control; null: nobody. */
export function controller(state: StateReader, did: Did): Did | null {
  return store.getIdentity(state, did)?.controller ?? null
}

/** The offer of a claim that can be used at `timeMs`. */
export function claimOffer(state: StateReader, did: Did, timeMs: number): store.ClaimOffer | undefined {
  const offer = store.getOffer(state, did)
  return offer !== undefined && timeMs < offer.untilMs ? offer : undefined
}

/** Who had the keys of a patient who has claimed them, and until when: what the identity did before, the custodian did. */
export function pastCustody(state: StateReader, did: Did): store.CustodyRecord | undefined {
  return store.getPastCustody(state, did)
}

/** The current key of a patient in nobody's custody, also while suspended: what copies are sealed to. */
export function walletKey(state: StateReader, did: Did): VerificationKey | undefined {
  const record = store.getIdentity(state, did)
  const key = record?.kind === 'patient' && record.controller === null ? store.getKey(state, did, record.key) : undefined
  if (record === undefined || key === undefined) return undefined
  const { signing, agreement, fromMs, untilMs } = key
  return { id: formatKeyId(record.key), signing, agreement, fromMs, untilMs }
}

/** Whether the identity is a patient who holds the keys: nobody's custody, and not suspended. */
export function isSelfHeld(state: StateReader, did: Did): boolean {
  const record = store.getIdentity(state, did)
  return record?.kind === 'patient' && record.controller === null && !record.suspended
}

/**
 * The signing key (32 bytes) under which the runtime accepts transactions: only the newest, and none while the identity
 * is suspended.
 */
export function signingKey(state: StateReader, did: Did, keyId: string): Uint8Array | undefined {
  const record = store.getIdentity(state, did)
  if (record === undefined || record.suspended || keyId !== formatKeyId(record.key)) return undefined
  return store.getKey(state, did, record.key)?.signing
}

/** The patient, or the organisation, to whom a handle belongs. */
export function handleOwner(state: StateReader, handle: Handle): Did | undefined {
  return store.getOwner(state, handle)
}

export function handlesOf(state: StateReader, did: Did): Handle[] {
  return [...store.listHandles(state, did)]
}

/** Attestations in force at `timeMs`; of one organisation when it is named. */
export function attestationsOf(state: StateReader, subject: Did, timeMs: number, organisation?: Did): Attestation[] {
  const live: Attestation[] = []
  for (const [id, record] of store.listAttestations(state, subject)) {
    if (timeMs < record.untilMs && (organisation === undefined || record.organisation === organisation)) live.push({ id, subject, ...record })
  }
  return live
}

/** The delegation of a user to an organisation's gateway, also when it has run out. */
export function delegation(state: StateReader, user: Did, to: Did): Delegation | undefined {
  const record = store.getDelegation(state, user, to)
  return record && { user, to, ...record }
}

/** Whether a person or device belongs to the organisation: controlled by it, or with a role there at `timeMs`. */
export function belongsTo(state: StateReader, did: Did, organisation: Did, timeMs: number): boolean {
  const record = store.getIdentity(state, did)
  if (record === undefined || record.kind === 'patient') return false
  return did === organisation || record.controller === organisation || attestationsOf(state, did, timeMs, organisation).length > 0
}

/** A person with a live role at an organisation whose gateway acts for them: one of `roles`, or any. */
export function isProfessional(state: StateReader, did: Did, organisation: Did, timeMs: number, roles?: ReadonlySet<Role>): boolean {
  const record = store.getIdentity(state, did)
  if (record?.kind !== 'practitioner' || record.suspended) return false
  if (timeMs >= (store.getDelegation(state, did, organisation)?.untilMs ?? 0)) return false
  return attestationsOf(state, did, timeMs, organisation).some(({ role }) => roles === undefined || roles.has(role))
}

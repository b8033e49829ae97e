import { schema, type Did, type Handle, type ObjectId } from '@chiron/protocol'
import * as v from 'valibot'
import type { StateReader, StateWriter } from '../../state/reader.ts'
import { didAt, didPart, factTable, flatTable, uint32Part } from '../table.ts'

const kind = v.picklist(['organisation', 'practitioner', 'patient', 'device'])

/** An identity as it is now. `key` is the number of its only valid key: `k1` is number 1. */
const identityRecord = v.strictObject({
  kind,
  controller: v.nullable(schema.did),
  key: schema.uint,
  suspended: v.boolean(),
  sinceMs: schema.timeMs,
})
export type IdentityRecord = v.InferOutput<typeof identityRecord>

/** A key for signing (Ed25519) and one for agreement (X25519), valid in [fromMs, untilMs). */
const keyRecord = v.strictObject({
  signing: schema.key32,
  agreement: schema.key32,
  fromMs: schema.timeMs,
  untilMs: v.nullable(schema.timeMs),
})
export type KeyRecord = v.InferOutput<typeof keyRecord>

const attestationRecord = v.strictObject({
  issuer: schema.did,
  organisation: schema.did,
  role: schema.role,
  sinceMs: schema.timeMs,
  untilMs: schema.timeMs,
})
export type AttestationRecord = v.InferOutput<typeof attestationRecord>

const delegationRecord = v.strictObject({
  purposes: v.array(schema.purpose),
  sinceMs: schema.timeMs,
  untilMs: schema.timeMs,
})
export type DelegationRecord = v.InferOutput<typeof delegationRecord>

const claimOffer = v.strictObject({ claimKey: schema.key32, offeredMs: schema.timeMs, untilMs: schema.timeMs })
/** An offer of a claim that was neither used nor withdrawn; it may have run out. */
export type ClaimOffer = v.InferOutput<typeof claimOffer>

const custodyRecord = v.strictObject({ custodian: schema.did, untilMs: schema.timeMs })
/** Who had a patient's keys before the patient claimed them at `untilMs`. */
export type CustodyRecord = v.InferOutput<typeof custodyRecord>

const identities = factTable('id/d/', identityRecord)
const keys = factTable('id/k/', keyRecord)
const attestations = factTable('id/a/', attestationRecord)
const delegations = factTable('id/g/', delegationRecord)
const handleOwners = factTable('id/h/', schema.did)
const claimOffers = factTable('id/c/', claimOffer)
const pastCustodies = factTable('id/u/', custodyRecord)
const handlesByOwner = flatTable('id/o/', v.literal(true))
const attestationSubjects = flatTable('id/s/', schema.did)

export const getIdentity = (state: StateReader, did: Did): IdentityRecord | undefined => identities.get(state, didPart(did))
export const setIdentity = (state: StateWriter, did: Did, value: IdentityRecord): void => identities.set(state, value, didPart(did))

export function* listIdentities(state: StateReader): Iterable<readonly [Did, IdentityRecord]> {
  for (const { key, value } of identities.list(state)) yield [didAt(key, 0), value]
}

export const getKey = (state: StateReader, did: Did, number: number): KeyRecord | undefined => keys.get(state, didPart(did), uint32Part(number))
export const setKey = (state: StateWriter, did: Did, number: number, value: KeyRecord): void =>
  keys.set(state, value, didPart(did), uint32Part(number))

export function* listKeys(state: StateReader, did: Did): Iterable<readonly [number: number, KeyRecord]> {
  for (const { key, value } of keys.list(state, didPart(did))) yield [new DataView(key.buffer, key.byteOffset + 20, 4).getUint32(0), value]
}

export const getOwner = (state: StateReader, handle: Handle): Did | undefined => handleOwners.get(state, handle)

export function setOwner(state: StateWriter, handle: Handle, did: Did): void {
  handleOwners.set(state, did, handle)
  handlesByOwner.set(state, true, didPart(did), handle)
}

export function* listHandles(state: StateReader, did: Did): Iterable<Handle> {
  for (const { key } of handlesByOwner.list(state, didPart(did))) yield key.slice(20) as Handle
}

export function* listOwners(state: StateReader): Iterable<readonly [Handle, Did]> {
  for (const { key, value } of handleOwners.list(state)) yield [key.slice() as Handle, value]
}

export const getAttestationSubject = (state: StateReader, id: ObjectId): Did | undefined => attestationSubjects.get(state, id)
export const getAttestation = (state: StateReader, subject: Did, id: ObjectId): AttestationRecord | undefined =>
  attestations.get(state, didPart(subject), id)

export function setAttestation(state: StateWriter, subject: Did, id: ObjectId, value: AttestationRecord): void {
  attestations.set(state, value, didPart(subject), id)
  attestationSubjects.set(state, subject, id)
}

export function deleteAttestation(state: StateWriter, subject: Did, id: ObjectId): void {
  attestations.delete(state, didPart(subject), id)
  attestationSubjects.delete(state, id)
}

export function* listAttestations(state: StateReader, subject: Did): Iterable<readonly [ObjectId, AttestationRecord]> {
  for (const { key, value } of attestations.list(state, didPart(subject))) yield [key.slice(20) as ObjectId, value]
}

export const getDelegation = (state: StateReader, user: Did, to: Did): DelegationRecord | undefined =>
  delegations.get(state, didPart(user), didPart(to))
export const setDelegation = (state: StateWriter, user: Did, to: Did, value: DelegationRecord): void =>
  delegations.set(state, value, didPart(user), didPart(to))
export function* listDelegations(state: StateReader, user: Did): Iterable<readonly [to: Did, DelegationRecord]> {
  for (const { key, value } of delegations.list(state, didPart(user))) yield [didAt(key, 20), value]
}
export const deleteDelegation = (state: StateWriter, user: Did, to: Did): void => delegations.delete(state, didPart(user), didPart(to))

export const getOffer = (state: StateReader, did: Did): ClaimOffer | undefined => claimOffers.get(state, didPart(did))
export const setOffer = (state: StateWriter, did: Did, value: ClaimOffer): void => claimOffers.set(state, value, didPart(did))
export const deleteOffer = (state: StateWriter, did: Did): void => claimOffers.delete(state, didPart(did))

export function* listOffers(state: StateReader): Iterable<readonly [Did, ClaimOffer]> {
  for (const { key, value } of claimOffers.list(state)) yield [didAt(key, 0), value]
}

export const getPastCustody = (state: StateReader, did: Did): CustodyRecord | undefined => pastCustodies.get(state, didPart(did))
export const setPastCustody = (state: StateWriter, did: Did, value: CustodyRecord): void => pastCustodies.set(state, value, didPart(did))

export function* listPastCustodies(state: StateReader): Iterable<readonly [Did, CustodyRecord]> {
  for (const { key, value } of pastCustodies.list(state)) yield [didAt(key, 0), value]
}

/** Whole keys of facts, for proofs. */
export const identityKeys = {
  identity: (did: Did): Uint8Array => identities.key(didPart(did)),
  key: (did: Did, number: number): Uint8Array => keys.key(didPart(did), uint32Part(number)),
  handle: (handle: Handle): Uint8Array => handleOwners.key(handle),
  attestation: (subject: Did, id: ObjectId): Uint8Array => attestations.key(didPart(subject), id),
  delegation: (user: Did, to: Did): Uint8Array => delegations.key(didPart(user), didPart(to)),
  claimOffer: (did: Did): Uint8Array => claimOffers.key(didPart(did)),
  pastCustody: (did: Did): Uint8Array => pastCustodies.key(didPart(did)),
}

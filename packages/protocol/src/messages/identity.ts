import * as v from 'valibot'
import { did, handle, key32, keyId, listOf, objectId, purpose, role, salt, signature, timeMs } from '../schema.ts'

/** Kinds of identity. */
export const identityKind = v.picklist(['organisation', 'practitioner', 'patient', 'device'])

/**
 * Registers an identity. `did` must be derived from kind, signing key and `inception` (SPEC-ID-2). A practitioner or
 * device is controlled by the organisation that signs; a patient is in its custody until claimed, and brings the
 * handle under which the records stand.
 */
export const identityRegister = v.strictObject({
  type: v.literal('identity.register'),
  salt,
  kind: identityKind,
  did,
  signingKey: key32,
  agreementKey: key32,
  inception: salt,
  handle: v.nullable(handle),
})

/** Replaces the keys of the signer, or of an identity that the signer controls. The old key ends at once. */
export const identityRotateKey = v.strictObject({
  type: v.literal('identity.rotateKey'),
  salt,
  did,
  keyId,
  signingKey: key32,
  agreementKey: key32,
})

/** Gives a role to a subject at an organisation, until a time. The signer must be a recognised issuer. */
export const identityAttest = v.strictObject({
  type: v.literal('identity.attest'),
  salt,
  subject: did,
  role,
  until: timeMs,
})

export const identityRevokeAttestation = v.strictObject({
  type: v.literal('identity.revokeAttestation'),
  salt,
  attestation: objectId,
})

/** Lets the gateway of organisation `to` act for the signer, for the named purposes (none named: all), until a time. */
export const identityDelegate = v.strictObject({
  type: v.literal('identity.delegate'),
  salt,
  to: did,
  purposes: listOf(purpose, 16),
  until: timeMs,
})

export const identityRevokeDelegation = v.strictObject({
  type: v.literal('identity.revokeDelegation'),
  salt,
  to: did,
})

/** Adds a further handle to the patient who signs (or whom the signer has in custody). */
export const identityAddHandle = v.strictObject({
  type: v.literal('identity.addHandle'),
  salt,
  did,
  handle,
})

/** Suspends, or reinstates, an identity that the signer controls, or any when the signer governs the network. */
export const identitySuspend = v.strictObject({
  type: v.literal('identity.suspend'),
  salt,
  did,
  suspended: v.boolean(),
})

/** Offers a patient in the signer's custody to whoever holds the private half of `claimKey`, until a time. Replaces an earlier offer. */
export const identityOfferClaim = v.strictObject({
  type: v.literal('identity.offerClaim'),
  salt,
  did,
  claimKey: key32,
  until: timeMs,
})

/** Takes such an offer back. */
export const identityWithdrawClaim = v.strictObject({
  type: v.literal('identity.withdrawClaim'),
  salt,
  did,
})

/**
 * Hands a patient's identity to the keys of a wallet. Any live member relays it: `claimSignature` is by the claim key,
 * `possession` by `signingKey`, both over the same statement, so that whoever passes it on can only pass it on. SPEC-CLAIM-3.
 */
export const identityClaim = v.strictObject({
  type: v.literal('identity.claim'),
  salt,
  did,
  signingKey: key32,
  agreementKey: key32,
  claimSignature: signature,
  possession: signature,
})

import type { Draft, Fields } from '../../transactions/draft.ts'

/** Registers an identity whose DID is derived from its first key. Signed by the organisation that will control it or have it in custody. */
export function register(fields: Fields<'identity.register'>): Draft<'identity.register'> {
  return { ...fields, type: 'identity.register' }
}

/** Replaces the keys of the signer, or of an identity that the signer controls; the old key ends at once. */
export function rotateKey(fields: Fields<'identity.rotateKey'>): Draft<'identity.rotateKey'> {
  return { ...fields, type: 'identity.rotateKey' }
}

/** Gives a role to a subject until a time. Signed by a recognised issuer. */
export function attest(fields: Fields<'identity.attest'>): Draft<'identity.attest'> {
  return { ...fields, type: 'identity.attest' }
}

/** Takes an attested role back. */
export function revokeAttestation(fields: Fields<'identity.revokeAttestation'>): Draft<'identity.revokeAttestation'> {
  return { ...fields, type: 'identity.revokeAttestation' }
}

/** Lets the gateway of an organisation act for the signer until a time. */
export function delegate(fields: Fields<'identity.delegate'>): Draft<'identity.delegate'> {
  return { ...fields, type: 'identity.delegate' }
}

/** Ends such a delegation. */
export function revokeDelegation(fields: Fields<'identity.revokeDelegation'>): Draft<'identity.revokeDelegation'> {
  return { ...fields, type: 'identity.revokeDelegation' }
}

/** Adds a further handle to a patient. */
export function addHandle(fields: Fields<'identity.addHandle'>): Draft<'identity.addHandle'> {
  return { ...fields, type: 'identity.addHandle' }
}

/** Suspends or reinstates an identity. */
export function suspend(fields: Fields<'identity.suspend'>): Draft<'identity.suspend'> {
  return { ...fields, type: 'identity.suspend' }
}

/** Offers a patient in the signer's custody to whoever holds a claim key. */
export function offerClaim(fields: Fields<'identity.offerClaim'>): Draft<'identity.offerClaim'> {
  return { ...fields, type: 'identity.offerClaim' }
}

/** Takes such an offer back. */
export function withdrawClaim(fields: Fields<'identity.withdrawClaim'>): Draft<'identity.withdrawClaim'> {
  return { ...fields, type: 'identity.withdrawClaim' }
}

/** Hands a patient's identity to a wallet; signed by the claim key and the wallet, relayed by any live member. */
export function claim(fields: Fields<'identity.claim'>): Draft<'identity.claim'> {
  return { ...fields, type: 'identity.claim' }
}

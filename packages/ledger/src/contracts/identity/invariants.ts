import { InvariantError } from '../../runtime/errors.ts'
import type { StateReader } from '../../state/reader.ts'
import { getAttestationSubject, getIdentity, listAttestations, listHandles, listIdentities, listKeys, listOffers, listOwners, listPastCustodies } from './state.ts'

/** One valid key each, keys numbered without gaps; controllers exist; handles and attestations lead both ways; only patients in custody are offered, and none is both claimed and in custody. */
export function identityInvariants(state: StateReader): void {
  let handles = 0
  for (const [did, record] of listIdentities(state)) {
    const keys = [...listKeys(state, did)]
    const inOrder = keys.every(([number, key], i) => number === i + 1 && (key.untilMs === null) === (number === record.key))
    if (keys.length !== record.key || !inOrder) throw new InvariantError('identity: keys are out of order')
    if (record.controller !== null && getIdentity(state, record.controller)?.kind !== 'organisation') {
      throw new InvariantError('identity: a controller is no organisation')
    }
    for (const [id] of listAttestations(state, did)) {
      if (getAttestationSubject(state, id) !== did) throw new InvariantError('identity: an attestation does not lead to its subject')
    }
    handles += [...listHandles(state, did)].length
  }
  let owned = 0
  for (const [, owner] of listOwners(state)) {
    owned++
    if (getIdentity(state, owner) === undefined) throw new InvariantError('identity: a handle has no owner')
  }
  for (const [did] of listOffers(state)) {
    const record = getIdentity(state, did)
    if (record?.kind !== 'patient' || record.controller === null) throw new InvariantError('identity: a claim is offered of nobody in custody')
  }
  for (const [did] of listPastCustodies(state)) {
    if (getIdentity(state, did)?.controller !== null) throw new InvariantError('identity: a claimed identity is in custody')
  }
  if (owned !== handles) throw new InvariantError('identity: handles and owners differ')
}

import { refusalsOf } from '../refusals.ts'

export const identityErrors = refusalsOf('identity', {
  notMember: [1, 'only a live member organisation may do this'],
  kindNotAllowed: [2, 'organisations are admitted by the network, not registered'],
  notDerived: [3, 'the DID is not derived from kind, signing key and inception'],
  keyNotAcceptable: [4, 'the signing key is not acceptable'],
  alreadyRegistered: [5, 'the identity exists already'],
  handleRequired: [6, 'a patient brings a handle, and nobody else does'],
  handleTaken: [7, 'the handle belongs to an identity already'],
  unknownIdentity: [8, 'no such identity'],
  notAuthorised: [9, 'neither the identity itself nor who controls it'],
  keyIdNotNext: [10, 'the key must carry the number after the newest'],
  notIssuer: [11, 'not a recognised issuer for this subject'],
  endNotAllowed: [12, 'the end lies in the past or too far ahead'],
  roleNotAllowed: [13, 'this kind of identity cannot carry the role'],
  unknownAttestation: [14, 'no such attestation'],
  tooMany: [15, 'the identity has as many of these as it may have'],
  unknownDelegation: [16, 'no such delegation'],
  notPatient: [17, 'only a patient has several handles'],
  notGovernance: [18, 'only who governs the network may suspend this identity'],
  keyReused: [19, 'the key has been used by this identity before'],
})

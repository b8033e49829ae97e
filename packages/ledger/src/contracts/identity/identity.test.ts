import { derivedId } from '@chiron/protocol'
import { expect, test } from 'vitest'
import {
  ada, ContractChain, DAY_MS, doctor, handleFor, keyFor, lakeside, msg, objectFor, outsider, person, populated, refusalLedger, registerMsg, riverside, surgeon,
} from '../../../test/contract-chain.ts'
import { accounts, consent, identity } from '../index.ts'

const { refused, unprovoked } = refusalLedger(identity.identityErrors)

const rotateMsg = (who = ada, keyId = 'k2', key = 'new key') =>
  msg('identity.rotateKey', { did: who.did, keyId, signingKey: keyFor(key), agreementKey: ada.agreementKey })

test('a patient is registered in custody, with a handle and a treating relationship of 365 days', () => {
  const chain = new ContractChain()
  chain.do(riverside, registerMsg('patient', ada))
  expect(identity.document(chain.state, ada.did)).toMatchObject({ kind: 'patient', controller: riverside.did, suspended: false, currentKey: { id: 'k1', untilMs: null } })
  expect(identity.handleOwner(chain.state, ada.handle)).toBe(ada.did)
  expect(identity.handlesOf(chain.state, ada.did)).toEqual([ada.handle])
  expect(accounts.signingKey(chain.state, ada.did, 'k1')).toEqual(ada.signingKey)
  expect(consent.treatment(chain.state, ada.handle, riverside.did)).toMatchObject({ untilMs: chain.timeMs + 365 * DAY_MS, contestedMs: null })
  chain.checkInvariants()
})

test('registration is refused where it does not fit', () => {
  const chain = new ContractChain()
  const registration = registerMsg('patient', ada) as ReturnType<typeof msg<'identity.register'>>
  refused(chain.submit(outsider, registration), 'notMember')
  refused(chain.submit(riverside, { ...registration, kind: 'organisation' }), 'kindNotAllowed')
  refused(chain.submit(riverside, { ...registration, handle: null }), 'handleRequired')
  refused(chain.submit(riverside, { ...(registerMsg('device', person('device', 'x')) as typeof registration), handle: handleFor('x') }), 'handleRequired')
  refused(chain.submit(riverside, { ...registration, inception: new Uint8Array(16) }), 'notDerived')
  refused(chain.submit(riverside, { ...registration, handle: lakeside.handle }), 'handleTaken')
  chain.do(riverside, registration)
  refused(chain.submit(lakeside, registration), 'alreadyRegistered')
  refused(chain.submit(riverside, { ...rotateMsg(), signingKey: new Uint8Array(32) }), 'keyNotAcceptable')
})

test('rotation ends the old key at once; the identity and its controller may, nobody else', () => {
  const chain = populated()
  refused(chain.submit(lakeside, rotateMsg()), 'notAuthorised')
  refused(chain.submit(ada, rotateMsg(ada, 'k3')), 'keyIdNotNext')
  refused(chain.submit(ada, rotateMsg(ada, 'k2', 'patient/ada')), 'keyReused')
  refused(chain.submit(ada, rotateMsg(person('patient', 'nobody'))), 'unknownIdentity')
  chain.do(ada, rotateMsg())
  expect(accounts.signingKey(chain.state, ada.did, 'k1')).toBeUndefined()
  expect(accounts.signingKey(chain.state, ada.did, 'k2')).toEqual(keyFor('new key'))
  chain.do(riverside, rotateMsg(ada, 'k3', 'newer key'))
  expect(identity.document(chain.state, ada.did)?.keys.map((k) => [k.id, k.untilMs === null])).toEqual([['k1', false], ['k2', false], ['k3', true]])
  chain.checkInvariants()
})

test('roles come from the employer while it is a live member, or from governance', () => {
  const chain = populated()
  const until = chain.timeMs + DAY_MS
  const attest = (subject = doctor.did, end = until) => msg('identity.attest', { subject, role: 'pharmacist', until: end })
  refused(chain.submit(ada, attest()), 'notIssuer')
  refused(chain.submit(lakeside, attest(surgeon.did)), 'notIssuer')
  refused(chain.submit(riverside, attest(ada.did)), 'roleNotAllowed')
  refused(chain.submit(riverside, attest(outsider.did)), 'unknownIdentity')
  refused(chain.submit(lakeside, attest(doctor.did, chain.timeMs)), 'endNotAllowed')
  refused(chain.submit(lakeside, attest(doctor.did, chain.timeMs + 2_000 * DAY_MS)), 'endNotAllowed')
  const { txId } = chain.do(lakeside, attest())
  chain.do(riverside, attest(lakeside.did))
  expect(identity.attestationsOf(chain.state, doctor.did, chain.timeMs).map((a) => a.role).sort()).toEqual(['pharmacist', 'physician'])
  expect(identity.attestationsOf(chain.state, lakeside.did, chain.timeMs)).toMatchObject([{ organisation: lakeside.did, issuer: riverside.did }])
  const revoke = msg('identity.revokeAttestation', { attestation: derivedId(txId, 0) })
  refused(chain.submit(surgeon, revoke), 'notIssuer')
  chain.do(lakeside, revoke)
  refused(chain.submit(lakeside, revoke), 'unknownAttestation')
  refused(chain.submit(lakeside, msg('identity.revokeAttestation', { attestation: objectFor('none') })), 'unknownAttestation')
  chain.do(riverside, msg('network.removeMember', { did: lakeside.did }))
  refused(chain.submit(lakeside, attest()), 'notIssuer')
  chain.checkInvariants()
})

test('a subject has 64 attestations at most, of which those that ran out make room', () => {
  const chain = populated()
  const until = chain.timeMs + DAY_MS
  const attest = (end: number) => msg('identity.attest', { subject: doctor.did, role: 'pharmacist', until: end })
  for (let i = 1; i < 64; i++) chain.do(lakeside, attest(until))
  refused(chain.submit(lakeside, attest(until)), 'tooMany')
  chain.pass(DAY_MS)
  chain.do(lakeside, attest(chain.timeMs + DAY_MS))
  expect(identity.attestationsOf(chain.state, doctor.did, 0)).toHaveLength(2)
})

test('a delegation names purposes and an end, is replaced by the next, and can be taken back', () => {
  const chain = populated()
  const until = chain.timeMs + DAY_MS
  const delegate = (to = riverside.did, end = until) => msg('identity.delegate', { to, purposes: ['TREAT', 'HPAYMT', 'TREAT'], until: end })
  refused(chain.submit(ada, delegate(outsider.did)), 'notMember')
  refused(chain.submit(ada, delegate(riverside.did, chain.timeMs + 400 * DAY_MS)), 'endNotAllowed')
  chain.do(ada, delegate())
  expect(identity.delegation(chain.state, ada.did, riverside.did)).toMatchObject({ purposes: ['HPAYMT', 'TREAT'], untilMs: until })
  chain.do(ada, msg('identity.revokeDelegation', { to: riverside.did }))
  refused(chain.submit(ada, msg('identity.revokeDelegation', { to: riverside.did })), 'unknownDelegation')
})

test('a patient has up to 16 handles; a custodian that adds one treats the patient under it', () => {
  const chain = populated()
  const add = (name: string, did = ada.did) => msg('identity.addHandle', { did, handle: handleFor(name) })
  refused(chain.submit(lakeside, add('h1')), 'notAuthorised')
  refused(chain.submit(doctor, add('h1', doctor.did)), 'notPatient')
  refused(chain.submit(ada, add('ben')), 'handleTaken')
  chain.do(riverside, add('h1'))
  expect(consent.treatmentsOf(chain.state, handleFor('h1'))).toHaveLength(1)
  chain.do(ada, add('h2'))
  expect(consent.treatmentsOf(chain.state, handleFor('h2'))).toEqual([])
  for (let i = 3; i < 16; i++) chain.do(ada, add(`h${i}`))
  refused(chain.submit(ada, add('h16')), 'tooMany')
  expect(identity.handlesOf(chain.state, ada.did)).toHaveLength(16)
  chain.checkInvariants()
})

test('staff are suspended by their employer, patients and organisations by governance alone', () => {
  const chain = populated()
  const suspend = (did = doctor.did, suspended = true) => msg('identity.suspend', { did, suspended })
  refused(chain.submit(ada, suspend()), 'notAuthorised')
  refused(chain.submit(lakeside, suspend(riverside.did)), 'notAuthorised')
  refused(chain.submit(riverside, suspend(outsider.did)), 'unknownIdentity')
  const cleo = person('patient', 'cleo')
  chain.do(lakeside, registerMsg('patient', cleo))
  refused(chain.submit(lakeside, suspend(cleo.did)), 'notGovernance')
  chain.do(lakeside, suspend())
  expect(accounts.signingKey(chain.state, doctor.did, 'k1')).toBeUndefined()
  chain.do(lakeside, suspend(doctor.did, false))
  expect(accounts.signingKey(chain.state, doctor.did, 'k1')).toEqual(doctor.signingKey)
  chain.do(riverside, suspend(cleo.did))
  expect(identity.isSuspended(chain.state, cleo.did)).toBe(true)
})

test('who belongs to an organisation', () => {
  const chain = populated()
  const belongs = (did: typeof ada.did, org = lakeside.did) => identity.belongsTo(chain.state, did, org, chain.timeMs)
  expect([doctor.did, lakeside.did].map((did) => belongs(did))).toEqual([true, true])
  expect([surgeon.did, ada.did, outsider.did].map((did) => belongs(did))).toEqual([false, false, false])
  expect(belongs(ada.did, riverside.did)).toBe(false)
})

test('every refusal was provoked, here or by claims.test.ts', () => {
  expect(unprovoked()).toEqual(['notInCustody', 'noOffer', 'claimNotSigned', 'possessionNotShown', 'suspended'])
})

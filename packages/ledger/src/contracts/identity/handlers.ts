import { derivedId, type Did } from '@chiron/protocol'
import type { Context, Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { identityErrors } from './errors.ts'
import * as events from './events.ts'
import { MAX_ATTESTATION_MS, MAX_ATTESTATIONS, MAX_DELEGATION_MS, MAX_HANDLES } from './limits.ts'
import type { IdentityPorts } from './ports.ts'
import { formatKeyId } from './queries.ts'
import { giveHandle, registerIdentity, replaceKey } from './registration.ts'
import * as store from './state.ts'

/** Registers a practitioner, device or patient under the control, or in the custody, of the organisation that signs. */
export const register: Handler<IdentityPorts, 'identity.register'> = (ctx, msg) => {
  ensure(ctx.ports.isLiveMember(ctx.state, ctx.signer), identityErrors.notMember)
  ensure(msg.kind !== 'organisation', identityErrors.kindNotAllowed)
  ensure((msg.kind === 'patient') === (msg.handle !== null), identityErrors.handleRequired)
  registerIdentity(ctx, { ...msg, controller: ctx.signer })
  if (msg.handle === null) return
  giveHandle(ctx, msg.did, msg.handle)
  ctx.ports.startTreatment(ctx, msg.handle, ctx.signer)
}

/** Replaces the key of the signer, or of an identity that the signer controls; the old one ends at once. */
export const rotateKey: Handler<IdentityPorts, 'identity.rotateKey'> = (ctx, msg) => {
  const record = requireAuthority(ctx, msg.did)
  ensure(msg.keyId === formatKeyId(record.key + 1), identityErrors.keyIdNotNext)
  replaceKey(ctx, msg.did, record, msg)
}

/**
 * Gives a role. Issuers: the organisation that controls the subject while it is a live member (the role then holds at
 * it), and who governs the network. An organisation as subject has its roles at itself.
 */
export const attest: Handler<IdentityPorts, 'identity.attest'> = (ctx, msg) => {
  const subject = store.getIdentity(ctx.state, msg.subject)
  ensure(subject !== undefined, identityErrors.unknownIdentity)
  ensure(subject.kind !== 'patient', identityErrors.roleNotAllowed)
  const organisation = subject.kind === 'organisation' ? msg.subject : subject.controller
  ensure(organisation !== null, identityErrors.roleNotAllowed)
  const isEmployer = subject.controller === ctx.signer && ctx.ports.isLiveMember(ctx.state, ctx.signer)
  ensure(isEmployer || ctx.ports.isGovernor(ctx.state, ctx.signer), identityErrors.notIssuer)
  ensureEnd(ctx, msg.until, MAX_ATTESTATION_MS)
  makeRoomForAttestation(ctx, msg.subject)
  const id = derivedId(ctx.txId, ctx.messageIndex)
  store.setAttestation(ctx.state, msg.subject, id, {
    issuer: ctx.signer, organisation, role: msg.role, sinceMs: ctx.block.timeMs, untilMs: msg.until,
  })
  ctx.emit(events.attested(id, msg.subject, msg.role))
}

/** Takes a role back: by who issued it, who controls the subject, or governance. */
export const revokeAttestation: Handler<IdentityPorts, 'identity.revokeAttestation'> = (ctx, msg) => {
  const subject = store.getAttestationSubject(ctx.state, msg.attestation)
  const attestation = subject && store.getAttestation(ctx.state, subject, msg.attestation)
  ensure(subject !== undefined && attestation !== undefined, identityErrors.unknownAttestation)
  const allowed =
    attestation.issuer === ctx.signer ||
    store.getIdentity(ctx.state, subject)?.controller === ctx.signer ||
    ctx.ports.isGovernor(ctx.state, ctx.signer)
  ensure(allowed, identityErrors.notIssuer)
  store.deleteAttestation(ctx.state, subject, msg.attestation)
  ctx.emit(events.attestationRevoked(msg.attestation, subject))
}

/** Lets an organisation's gateway act for the signer; a second delegation to it replaces the first. */
export const delegate: Handler<IdentityPorts, 'identity.delegate'> = (ctx, msg) => {
  ensure(ctx.ports.isLiveMember(ctx.state, msg.to), identityErrors.notMember)
  ensureEnd(ctx, msg.until, MAX_DELEGATION_MS)
  store.setDelegation(ctx.state, ctx.signer, msg.to, {
    purposes: [...new Set(msg.purposes)].sort(), sinceMs: ctx.block.timeMs, untilMs: msg.until,
  })
  ctx.emit(events.delegated(ctx.signer, msg.to, msg.until))
}

export const revokeDelegation: Handler<IdentityPorts, 'identity.revokeDelegation'> = (ctx, msg) => {
  ensure(store.getDelegation(ctx.state, ctx.signer, msg.to) !== undefined, identityErrors.unknownDelegation)
  store.deleteDelegation(ctx.state, ctx.signer, msg.to)
  ctx.emit(events.delegationRevoked(ctx.signer, msg.to))
}

/** Adds a handle to a patient. A custodian that does so treats the patient under it. */
export const addHandle: Handler<IdentityPorts, 'identity.addHandle'> = (ctx, msg) => {
  const record = requireAuthority(ctx, msg.did)
  ensure(record.kind === 'patient', identityErrors.notPatient)
  ensure([...store.listHandles(ctx.state, msg.did)].length < MAX_HANDLES, identityErrors.tooMany)
  giveHandle(ctx, msg.did, msg.handle)
  if (ctx.signer !== msg.did) ctx.ports.startTreatment(ctx, msg.handle, ctx.signer)
}

/** Suspends or reinstates. Practitioners and devices: who controls them, or governance. All others: governance alone. */
export const suspend: Handler<IdentityPorts, 'identity.suspend'> = (ctx, msg) => {
  const record = store.getIdentity(ctx.state, msg.did)
  ensure(record !== undefined, identityErrors.unknownIdentity)
  if (!ctx.ports.isGovernor(ctx.state, ctx.signer)) {
    ensure(record.controller === ctx.signer, identityErrors.notAuthorised)
    ensure(record.kind !== 'patient', identityErrors.notGovernance)
  }
  store.setIdentity(ctx.state, msg.did, { ...record, suspended: msg.suspended })
  ctx.emit(events.suspended(msg.did, msg.suspended))
}

type Ctx = Context<IdentityPorts>

function requireAuthority(ctx: Ctx, did: Did): store.IdentityRecord {
  const record = store.getIdentity(ctx.state, did)
  ensure(record !== undefined, identityErrors.unknownIdentity)
  const controls = record.controller === ctx.signer && ctx.ports.isLiveMember(ctx.state, ctx.signer)
  ensure(did === ctx.signer || controls, identityErrors.notAuthorised)
  return record
}

function ensureEnd(ctx: Ctx, untilMs: number, longestMs: number): void {
  ensure(untilMs > ctx.block.timeMs && untilMs <= ctx.block.timeMs + longestMs, identityErrors.endNotAllowed)
}

function makeRoomForAttestation(ctx: Ctx, subject: Did): void {
  const all = [...store.listAttestations(ctx.state, subject)]
  if (all.length < MAX_ATTESTATIONS) return
  const ended = all.filter(([, a]) => a.untilMs <= ctx.block.timeMs)
  ensure(ended.length > 0, identityErrors.tooMany)
  for (const [id] of ended) store.deleteAttestation(ctx.state, subject, id)
}

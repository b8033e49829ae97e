import { claimBytes, claimPossessionBytes, equalBytes, isAcceptablePublicKey, type Did } from '@chiron/protocol'
import type { Context, Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { identityErrors } from './errors.ts'
import * as events from './events.ts'
import { MAX_CLAIM_OFFER_MS } from './limits.ts'
import type { ClaimListing, IdentityPorts } from './ports.ts'
import { replaceKey } from './registration.ts'
import * as store from './state.ts'

type Ctx = Context<IdentityPorts>

/** Offers a patient in the signer's custody to the holder of a claim key. A new offer takes the place of the one before. */
export const offerClaim: Handler<IdentityPorts, 'identity.offerClaim'> = (ctx, msg) => {
  requireCustodian(ctx, msg.did)
  ensure(msg.until > ctx.block.timeMs && msg.until <= ctx.block.timeMs + MAX_CLAIM_OFFER_MS, identityErrors.endNotAllowed)
  ensure(isAcceptablePublicKey(msg.claimKey), identityErrors.keyNotAcceptable)
  for (const [, key] of store.listKeys(ctx.state, msg.did)) ensure(!equalBytes(key.signing, msg.claimKey), identityErrors.keyReused)
  store.setOffer(ctx.state, msg.did, { claimKey: msg.claimKey, offeredMs: ctx.block.timeMs, untilMs: msg.until })
  listForPatient(ctx, msg.did, { kind: 'claim-offer', organisation: ctx.signer, untilMs: msg.until })
  ctx.emit(events.claimOffered(msg.did, msg.until))
}

export const withdrawClaim: Handler<IdentityPorts, 'identity.withdrawClaim'> = (ctx, msg) => {
  requireCustodian(ctx, msg.did)
  ensure(store.getOffer(ctx.state, msg.did) !== undefined, identityErrors.noOffer)
  store.deleteOffer(ctx.state, msg.did)
  ctx.emit(events.claimWithdrawn(msg.did))
}

/**
 * The holder of a claim code takes the identity over: custody, its keys and what it delegated end in this block. Rules
 * and treating relationships stay; those older than the end of custody were the custodian's. The signer only relays.
 */
export const claim: Handler<IdentityPorts, 'identity.claim'> = (ctx, msg) => {
  const { state, block, ports } = ctx
  ensure(ports.isLiveMember(state, ctx.signer), identityErrors.notMember)
  const { record, custodian } = requireCustody(ctx, msg.did)
  const offer = store.getOffer(state, msg.did)
  ensure(offer !== undefined && block.timeMs < offer.untilMs, identityErrors.noOffer)
  const statement = { chainId: block.chainId, did: msg.did, claimKey: offer.claimKey, signingKey: msg.signingKey, agreementKey: msg.agreementKey }
  ensure(ports.verify(offer.claimKey, claimBytes(statement), msg.claimSignature), identityErrors.claimNotSigned)
  ensure(ports.verify(msg.signingKey, claimPossessionBytes(statement), msg.possession), identityErrors.possessionNotShown)
  ensureFreshKeys(ctx, msg, offer)
  store.deleteOffer(state, msg.did)
  store.setPastCustody(state, msg.did, { custodian, untilMs: block.timeMs })
  replaceKey(ctx, msg.did, { ...record, controller: null }, msg)
  for (const [to] of [...store.listDelegations(state, msg.did)]) {
    store.deleteDelegation(state, msg.did, to)
    ctx.emit(events.delegationRevoked(msg.did, to))
  }
  listForPatient(ctx, msg.did, { kind: 'claim', organisation: ctx.signer, custodian })
  for (const handle of store.listHandles(state, msg.did)) ports.endAccesses(ctx, handle)
  ctx.emit(events.claimed(msg.did, custodian))
}

/** The custodian knows the claim key and every key before: none of them may live on. */
function ensureFreshKeys(ctx: Ctx, msg: { readonly did: Did; readonly signingKey: Uint8Array; readonly agreementKey: Uint8Array }, offer: store.ClaimOffer): void {
  ensure(!equalBytes(msg.signingKey, offer.claimKey), identityErrors.keyReused)
  for (const [, key] of store.listKeys(ctx.state, msg.did)) ensure(!equalBytes(key.agreement, msg.agreementKey), identityErrors.keyReused)
}

function requireCustody(ctx: Ctx, did: Did): { readonly record: store.IdentityRecord; readonly custodian: Did } {
  const record = store.getIdentity(ctx.state, did)
  ensure(record !== undefined, identityErrors.unknownIdentity)
  ensure(record.kind === 'patient' && record.controller !== null, identityErrors.notInCustody)
  ensure(!record.suspended, identityErrors.suspended)
  return { record, custodian: record.controller }
}

function requireCustodian(ctx: Ctx, did: Did): void {
  const { custodian } = requireCustody(ctx, did)
  ensure(custodian === ctx.signer && ctx.ports.isLiveMember(ctx.state, ctx.signer), identityErrors.notAuthorised)
}

function listForPatient(ctx: Ctx, did: Did, entry: ClaimListing): void {
  for (const handle of store.listHandles(ctx.state, did)) ctx.ports.list(ctx, handle, entry)
}

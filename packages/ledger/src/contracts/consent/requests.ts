import { derivedId, equalBytes, type Handle, type ObjectId } from '@chiron/protocol'
import type { Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { addRule, checkTerms, requireOwner, requireWidening, type Ctx } from './checks.ts'
import { consentErrors } from './errors.ts'
import * as events from './events.ts'
import { MAX_PENDING, MAX_REQUEST_MS, REQUEST_LIFETIME_MS } from './limits.ts'
import { isWithinRequest } from './narrowing.ts'
import type { ConsentPorts } from './ports.ts'
import { isExpired } from './queries.ts'
import * as store from './state.ts'

/** Asks a patient, for the organisation that signs or one of its people. */
export const request: Handler<ConsentPorts, 'consent.request'> = (ctx, msg) => {
  const { state, block, signer, ports } = ctx
  ensure(ports.isLiveMember(state, signer), consentErrors.notMember)
  ensure(ports.patientOf(state, msg.patient) !== undefined, consentErrors.unknownPatient)
  ensure(ports.belongsTo(state, msg.reader, signer, block.timeMs), consentErrors.notOwnReader)
  const { grantee } = msg
  const own =
    (grantee.kind === 'organisation' && grantee.did === signer) ||
    (grantee.kind === 'role' && grantee.organisation === signer) ||
    (grantee.kind === 'person' && ports.belongsTo(state, grantee.did, signer, block.timeMs) && grantee.did !== signer)
  ensure(own, consentErrors.granteeNotOwn)
  ensure(msg.forMs > 0 && msg.forMs <= MAX_REQUEST_MS, consentErrors.durationNotAllowed)
  makeRoom(ctx, msg.patient)
  const id = derivedId(ctx.txId, ctx.messageIndex)
  const { purposes, categories, labels, actions, forMs, reader } = msg
  store.addRequest(state, msg.patient, id, { organisation: signer, reader, grantee, purposes, categories, labels, actions, forMs, askedMs: block.timeMs })
  ports.list(ctx, msg.patient, { kind: 'request', request: id, reader, organisation: signer })
  ctx.emit(events.requested(msg.patient, id, signer))
}

/** Grants what was asked, or less. The rule's id is derived from this transaction. */
export const approve: Handler<ConsentPorts, 'consent.approve'> = (ctx, msg) => {
  requireOwner(ctx, msg.patient)
  requireWidening(ctx)
  const asked = requirePending(ctx, msg.patient, msg.request)
  const { state, block, ports } = ctx
  const isOf = (did: typeof asked.reader, organisation: typeof asked.organisation): boolean => ports.belongsTo(state, did, organisation, block.timeMs)
  ensure(isWithinRequest(msg.terms, asked, block.timeMs, isOf), consentErrors.wider)
  const terms = checkTerms(ctx, msg.patient, msg.terms)
  const rule = derivedId(ctx.txId, ctx.messageIndex)
  addRule(ctx, msg.patient, rule, terms, msg.request)
  store.answerRequest(state, msg.patient, msg.request, { ...asked, answeredMs: block.timeMs, answer: 'approved', rule })
  ports.list(ctx, msg.patient, { kind: 'answer', request: msg.request, rule })
  ctx.emit(events.approved(msg.patient, msg.request, rule))
}

export const deny: Handler<ConsentPorts, 'consent.deny'> = (ctx, msg) => {
  requireOwner(ctx, msg.patient)
  const asked = requirePending(ctx, msg.patient, msg.request)
  store.answerRequest(ctx.state, msg.patient, msg.request, { ...asked, answeredMs: ctx.block.timeMs, answer: 'denied', rule: null })
  ctx.ports.list(ctx, msg.patient, { kind: 'answer', request: msg.request, rule: null })
  ctx.emit(events.denied(msg.patient, msg.request))
}

function requirePending(ctx: Ctx, handle: Handle, id: ObjectId): store.RequestRecord {
  const at = store.getRequestHandle(ctx.state, id)
  ensure(at !== undefined && equalBytes(at, handle), consentErrors.unknownRequest)
  const record = store.getRequest(ctx.state, handle, id)
  if (record === undefined) {
    const swept = store.getAnswered(ctx.state, handle, id)?.answer === 'expired'
    throw swept ? consentErrors.requestExpired() : consentErrors.requestAnswered()
  }
  ensure(!isExpired(record, ctx.block.timeMs), consentErrors.requestExpired)
  return record
}

function makeRoom(ctx: Ctx, handle: Handle): void {
  if (store.getPendingCount(ctx.state, handle, ctx.signer) < MAX_PENDING) return
  for (const [id, record] of [...store.listRequests(ctx.state, handle)]) {
    if (record.organisation !== ctx.signer || !isExpired(record, ctx.block.timeMs)) continue
    store.answerRequest(ctx.state, handle, id, { ...record, answeredMs: record.askedMs + REQUEST_LIFETIME_MS, answer: 'expired', rule: null })
  }
  ensure(store.getPendingCount(ctx.state, handle, ctx.signer) < MAX_PENDING, consentErrors.tooManyRequests)
}

import { derivedId, encodeCanonical, sha256 } from '@chiron/protocol'
import type { Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { requireOwner, requireWidening, uniqueBytes, uniqueTexts, type Ctx } from './checks.ts'
import { consentErrors } from './errors.ts'
import * as events from './events.ts'
import { MAX_DELEGATE_MS, MAX_DELEGATES } from './limits.ts'
import type { ConsentPorts } from './ports.ts'
import * as store from './delegate-state.ts'

/**
 * Lets a carer or parent read as the patient does, within limits and for a time. Appointing the same person again
 * replaces what they may do. A delegate appoints nobody: the patient signs.
 */
export const appointDelegate: Handler<ConsentPorts, 'consent.appointDelegate'> = (ctx, msg) => {
  const { state, block, ports } = ctx
  requireOwner(ctx, msg.patient)
  requireWidening(ctx)
  ensure(msg.delegate !== ctx.signer && ports.isPatient(state, msg.delegate), consentErrors.delegateNotAllowed)
  ensure(msg.until > block.timeMs && msg.until <= block.timeMs + MAX_DELEGATE_MS, consentErrors.durationNotAllowed)
  makeRoom(ctx, msg.patient, msg.delegate)
  const id = derivedId(ctx.txId, ctx.messageIndex)
  const scope = { actions: uniqueTexts(msg.actions), categories: uniqueBytes(msg.categories), labels: uniqueBytes(msg.labels) }
  store.setDelegate(state, msg.patient, msg.delegate, { id, ...scope, sinceMs: block.timeMs, untilMs: msg.until })
  ports.list(ctx, msg.patient, { kind: 'appoint', delegation: id, delegate: msg.delegate, untilMs: msg.until, scope: sha256(encodeCanonical(scope)) })
  ctx.emit(events.delegateAppointed(msg.patient, msg.delegate, msg.until))
  ports.endAccesses(ctx, msg.patient)
}

export const dismissDelegate: Handler<ConsentPorts, 'consent.dismissDelegate'> = (ctx, msg) => {
  requireOwner(ctx, msg.patient)
  ensure(store.getDelegate(ctx.state, msg.patient, msg.delegate) !== undefined, consentErrors.unknownDelegate)
  store.deleteDelegate(ctx.state, msg.patient, msg.delegate)
  ctx.ports.list(ctx, msg.patient, { kind: 'dismiss', delegate: msg.delegate })
  ctx.emit(events.delegateDismissed(msg.patient, msg.delegate))
  ctx.ports.endAccesses(ctx, msg.patient)
}

function makeRoom({ state, block }: Ctx, handle: Parameters<typeof store.listDelegates>[1], delegate: string): void {
  const others = [...store.listDelegates(state, handle)].filter(([did]) => did !== delegate)
  if (others.length < MAX_DELEGATES) return
  const past = others.filter(([, { untilMs }]) => untilMs <= block.timeMs)
  ensure(past.length > 0, consentErrors.tooManyDelegates)
  for (const [did] of past) store.deleteDelegate(state, handle, did)
}

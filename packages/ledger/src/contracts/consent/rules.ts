import { derivedId } from '@chiron/protocol'
import type { Handler } from '../../runtime/contract.ts'
import { addRule, checkTerms, requireOwner, requireRule, requireWidening, termsHash } from './checks.ts'
import * as events from './events.ts'
import type { ConsentPorts } from './ports.ts'
import * as store from './state.ts'

/** Makes a rule of the patient who signs. A denial ends the accesses that it leaves without a basis. */
export const grant: Handler<ConsentPorts, 'consent.grant'> = (ctx, msg) => {
  requireOwner(ctx, msg.patient)
  if (msg.terms.effect === 'permit') requireWidening(ctx)
  const terms = checkTerms(ctx, msg.patient, msg.terms)
  const id = derivedId(ctx.txId, ctx.messageIndex)
  addRule(ctx, msg.patient, id, terms, null)
  ctx.emit(events.granted(msg.patient, id, terms.effect))
  if (terms.effect === 'deny') ctx.ports.endAccesses(ctx, msg.patient)
}

/** Replaces a rule's terms; the rule keeps its id. */
export const modify: Handler<ConsentPorts, 'consent.modify'> = (ctx, msg) => {
  requireOwner(ctx, msg.patient)
  requireWidening(ctx)
  const record = requireRule(ctx, msg.patient, msg.rule)
  const terms = checkTerms(ctx, msg.patient, msg.terms, msg.rule)
  store.replaceRule(ctx.state, msg.patient, msg.rule, { ...record, terms, changedMs: ctx.block.timeMs })
  ctx.ports.list(ctx, msg.patient, { kind: 'modify', rule: msg.rule, effect: terms.effect, terms: termsHash(terms) })
  ctx.emit(events.modified(msg.patient, msg.rule, terms.effect))
  ctx.ports.endAccesses(ctx, msg.patient)
}

/** Ends a rule at once. Revoking a denial widens, revoking a permit does not. */
export const revoke: Handler<ConsentPorts, 'consent.revoke'> = (ctx, msg) => {
  requireOwner(ctx, msg.patient)
  const record = requireRule(ctx, msg.patient, msg.rule)
  if (record.terms.effect === 'deny') requireWidening(ctx)
  store.endRule(ctx.state, msg.patient, msg.rule, { ...record, endedMs: ctx.block.timeMs, ended: 'revoked' })
  ctx.ports.list(ctx, msg.patient, { kind: 'revoke', rule: msg.rule })
  ctx.emit(events.revoked(msg.patient, msg.rule))
  ctx.ports.endAccesses(ctx, msg.patient)
}

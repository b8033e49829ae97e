import { derivedId, type Handle, type RuleTerms } from '@chiron/protocol'
import type { Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { checkRule, isPast, termsHash, type Ctx } from './checks.ts'
import { consentErrors } from './errors.ts'
import * as events from './events.ts'
import { MAX_ORDER_PERMIT_MS, MAX_ORDERS } from './limits.ts'
import type { ConsentPorts } from './ports.ts'
import * as store from './order-state.ts'

/**
 * Orders what no patient decides: a denial that nobody waives, or a permit on a legal or public-health basis. One about a
 * patient stands in the patient's list, and a denial ends the accesses that it leaves without a basis. One about
 * everybody is decided on from this block on; accesses that it leaves without a basis cover nothing and run out.
 */
export const order: Handler<ConsentPorts, 'consent.order'> = (ctx, msg) => {
  const { state, block, signer, ports } = ctx
  ensure(ports.isLiveMember(state, signer) && ports.isAuthority(state, signer, block.timeMs), consentErrors.notAuthority)
  ensure(msg.patient === null || ports.patientOf(state, msg.patient) !== undefined, consentErrors.unknownPatient)
  const terms = checkOrder(ctx, msg.patient, msg.terms)
  makeRoom(ctx, msg.patient)
  const id = derivedId(ctx.txId, ctx.messageIndex)
  store.addOrder(state, msg.patient, id, { authority: signer, terms, basis: msg.basis, sinceMs: block.timeMs })
  ctx.emit(events.ordered(msg.patient, id, signer, terms.effect))
  if (msg.patient === null) return
  ports.list(ctx, msg.patient, { kind: 'order', order: id, authority: signer, effect: terms.effect, terms: termsHash(terms), basis: msg.basis })
  if (terms.effect === 'deny') ports.endAccesses(ctx, msg.patient)
}

/** Ends an order at once: by the authority that made it, or by governance. */
export const liftOrder: Handler<ConsentPorts, 'consent.liftOrder'> = (ctx, msg) => {
  const { state, block, signer, ports } = ctx
  const record = store.getOrder(state, msg.patient, msg.order)
  if (record === undefined) {
    ensure(store.getEndedOrder(state, msg.patient, msg.order) === undefined, consentErrors.orderLifted)
    throw consentErrors.unknownOrder()
  }
  ensure(!isPast(record.terms, block.timeMs), consentErrors.orderLifted)
  ensure(record.authority === signer || ports.isGovernor(state, signer), consentErrors.notOrderer)
  store.endOrder(state, msg.patient, msg.order, { ...record, endedMs: block.timeMs, liftedBy: signer })
  ctx.emit(events.orderLifted(msg.patient, msg.order))
  if (msg.patient === null) return
  ports.list(ctx, msg.patient, { kind: 'lift', order: msg.order, by: signer })
  if (record.terms.effect === 'permit') ports.endAccesses(ctx, msg.patient)
}

function checkOrder(ctx: Ctx, handle: Handle | null, terms: RuleTerms): RuleTerms {
  const checked = checkRule(ctx, terms)
  const named = terms.grantee.kind !== 'anyone' && terms.grantee.kind !== 'anyone-treating'
  const ends = terms.until !== null && terms.until <= ctx.block.timeMs + MAX_ORDER_PERMIT_MS
  const ofAll = terms.categories.length + terms.labels.length + terms.records.length === 0 && terms.data === undefined
  const allowed =
    terms.overrides === null && terms.absolute === undefined &&
    (terms.effect === 'deny' || (named && ends)) && (handle !== null || ofAll)
  ensure(allowed, consentErrors.orderNotAllowed)
  return checked
}

/** Moves away those that ran out where there would be too many. */
function makeRoom(ctx: Ctx, handle: Handle | null): void {
  const all = [...store.listOrders(ctx.state, handle)]
  if (all.length < MAX_ORDERS) return
  const past = all.filter(([, { terms }]) => isPast(terms, ctx.block.timeMs))
  ensure(past.length > 0, consentErrors.tooManyOrders)
  for (const [id, record] of past) store.endOrder(ctx.state, handle, id, { ...record, endedMs: record.terms.until ?? ctx.block.timeMs, liftedBy: null })
}

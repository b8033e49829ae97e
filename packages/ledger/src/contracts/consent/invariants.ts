import { toHex } from '@chiron/protocol'
import { InvariantError } from '../../runtime/errors.ts'
import type { StateReader } from '../../state/reader.ts'
import { listAllDelegates } from './delegate-state.ts'
import { MAX_DELEGATE_MS, MAX_DELEGATES, MAX_ORDER_PERMIT_MS, MAX_ORDERS, MAX_PENDING, MAX_RULES } from './limits.ts'
import { getEndedOrder, listAllOrders, listOrders } from './order-state.ts'
import { getEndedRule, getRequestHandle, listAllRequests, listAllRules, listPendingCounts, listRuleCounts } from './state.ts'

/** Rules, requests, orders and delegates as they must be. */
export function consentInvariants(state: StateReader): void {
  checkRulesAndRequests(state)
  checkOrders(state)
  checkDelegates(state)
}

/** Counts are right and within bounds; no rule is both in force and ended; requests are found by their id. */
function checkRulesAndRequests(state: StateReader): void {
  const rules = new Map<string, number>()
  for (const [handle, id] of listAllRules(state)) {
    if (getEndedRule(state, handle, id) !== undefined) throw new InvariantError('consent: a rule is in force and ended')
    rules.set(toHex(handle), (rules.get(toHex(handle)) ?? 0) + 1)
  }
  for (const [handle, count] of listRuleCounts(state)) {
    if (count !== (rules.get(toHex(handle)) ?? 0) || count > MAX_RULES) throw new InvariantError('consent: rules are counted wrong')
    rules.delete(toHex(handle))
  }
  const pending = new Map<string, number>()
  for (const [handle, id, { organisation }] of listAllRequests(state)) {
    if (getRequestHandle(state, id) === undefined) throw new InvariantError('consent: a request is not found by its id')
    const key = `${toHex(handle)} ${organisation}`
    pending.set(key, (pending.get(key) ?? 0) + 1)
  }
  for (const [handle, organisation, count] of listPendingCounts(state)) {
    const key = `${toHex(handle)} ${organisation}`
    if (count !== (pending.get(key) ?? 0) || count > MAX_PENDING) throw new InvariantError('consent: requests are counted wrong')
    pending.delete(key)
  }
  if (rules.size > 0 || pending.size > 0) throw new InvariantError('consent: a handle is not counted')
}

/** No order is both in force and ended; what permits ends and names whom; what is about everybody names nothing of one patient. */
function checkOrders(state: StateReader): void {
  const counts = new Map<string, number>()
  const all = [...listAllOrders(state), ...[...listOrders(state, null)].map(([id, record]) => [null, id, record] as const)]
  for (const [handle, id, { terms, sinceMs }] of all) {
    const about = handle === null ? '' : toHex(handle)
    counts.set(about, (counts.get(about) ?? 0) + 1)
    if (getEndedOrder(state, handle, id) !== undefined) throw new InvariantError('consent: an order is in force and ended')
    if (terms.overrides !== null || terms.absolute !== undefined) throw new InvariantError('consent: an order overrides')
    if (terms.effect === 'permit' && (terms.until ?? Infinity) > sinceMs + MAX_ORDER_PERMIT_MS) throw new InvariantError('consent: an order permits for too long')
    const named = terms.categories.length + terms.labels.length + terms.records.length
    if (handle === null && (named > 0 || terms.data !== undefined)) throw new InvariantError('consent: an order about everybody names something of a patient')
  }
  for (const count of counts.values()) if (count > MAX_ORDERS) throw new InvariantError('consent: too many orders')
}

function checkDelegates(state: StateReader): void {
  const counts = new Map<string, number>()
  for (const [handle, , { sinceMs, untilMs }] of listAllDelegates(state)) {
    counts.set(toHex(handle), (counts.get(toHex(handle)) ?? 0) + 1)
    if (untilMs > sinceMs + MAX_DELEGATE_MS) throw new InvariantError('consent: a delegate is appointed for too long')
  }
  for (const count of counts.values()) if (count > MAX_DELEGATES) throw new InvariantError('consent: too many delegates')
}

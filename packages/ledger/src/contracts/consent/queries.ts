import { toHex, type Did, type Handle, type ObjectId } from '@chiron/protocol'
import type { StateReader } from '../../state/reader.ts'
import { listAllOrders, listOrders } from './order-state.ts'
import { REQUEST_LIFETIME_MS } from './limits.ts'
import * as store from './state.ts'

export interface Rule extends store.RuleRecord {
  readonly id: ObjectId
  /** `active`: in force at the time asked; `future`: yet to come. */
  readonly status: 'active' | 'future' | 'expired' | 'revoked'
  readonly endedMs: number | null
}

export interface ConsentRequest extends store.RequestRecord {
  readonly id: ObjectId
  readonly handle: Handle
  readonly status: 'pending' | 'approved' | 'denied' | 'expired'
  /** The rule that its approval made. */
  readonly rule: ObjectId | null
}

export interface Treatment extends store.TreatmentRecord {
  readonly organisation: Did
}

/** Rules in force at `timeMs`; with `all`, also those to come and those that ended. Each kind in the order of ids. */
export function rulesOf(state: StateReader, handle: Handle, timeMs: number, options: { readonly all?: boolean } = {}): Rule[] {
  const present = [...store.listRules(state, handle)].map(([id, record]) => presentRule(id, record, timeMs))
  if (options.all !== true) return present.filter((r) => r.status === 'active')
  return [...present, ...[...store.listEndedRules(state, handle)].map(([id, record]) => endedRule(id, record))]
}

export function rule(state: StateReader, handle: Handle, id: ObjectId, timeMs: number): Rule | undefined {
  const record = store.getRule(state, handle, id)
  if (record !== undefined) return presentRule(id, record, timeMs)
  const ended = store.getEndedRule(state, handle, id)
  return ended && endedRule(id, ended)
}

/** Handles that have a denial which is not revoked, their own or an order. Reads every rule there is: for the start of a gateway. */
export function patientsWithDenials(state: StateReader): Handle[] {
  const found = new Map<string, Handle>()
  for (const [handle, , { terms }] of [...store.listAllRules(state), ...listAllOrders(state)]) if (terms.effect === 'deny') found.set(toHex(handle), handle)
  return [...found.values()]
}

/** Whether an order about everybody denies, now or at some time. */
export function isEverybodyDenied(state: StateReader): boolean {
  for (const [, { terms }] of listOrders(state, null)) if (terms.effect === 'deny') return true
  return false
}

/** Requests about a handle: pending ones first, then answered and expired ones. */
export function requestsOf(state: StateReader, handle: Handle, timeMs: number): ConsentRequest[] {
  return [
    ...[...store.listRequests(state, handle)].map(([id, record]) => pendingRequest(handle, id, record, timeMs)),
    ...[...store.listAnswered(state, handle)].map(([id, record]) => answeredRequest(handle, id, record)),
  ]
}

/** A request by its id alone. */
export function request(state: StateReader, id: ObjectId, timeMs: number): ConsentRequest | undefined {
  const handle = store.getRequestHandle(state, id)
  if (handle === undefined) return undefined
  const record = store.getRequest(state, handle, id)
  if (record !== undefined) return pendingRequest(handle, id, record, timeMs)
  const answered = store.getAnswered(state, handle, id)
  return answered && answeredRequest(handle, id, answered)
}

/** Treating relationships, also those that ended or were contested. */
export function treatmentsOf(state: StateReader, handle: Handle): Treatment[] {
  return [...store.listTreatments(state, handle)].map(([organisation, record]) => ({ organisation, ...record }))
}

export function treatment(state: StateReader, handle: Handle, organisation: Did): Treatment | undefined {
  const record = store.getTreatment(state, handle, organisation)
  return record && { organisation, ...record }
}

export function isExpired(record: store.RequestRecord, timeMs: number): boolean {
  return timeMs >= record.askedMs + REQUEST_LIFETIME_MS
}

function presentRule(id: ObjectId, record: store.RuleRecord, timeMs: number): Rule {
  const { from, until } = record.terms
  if (until !== null && timeMs >= until) return { id, ...record, status: 'expired', endedMs: until }
  return { id, ...record, status: timeMs < from ? 'future' : 'active', endedMs: null }
}

function endedRule(id: ObjectId, { ended, ...record }: store.EndedRuleRecord): Rule {
  return { id, ...record, status: ended }
}

function pendingRequest(handle: Handle, id: ObjectId, record: store.RequestRecord, timeMs: number): ConsentRequest {
  return { id, handle, ...record, status: isExpired(record, timeMs) ? 'expired' : 'pending', rule: null }
}

function answeredRequest(handle: Handle, id: ObjectId, { answer, answeredMs: _answeredMs, ...record }: store.AnsweredRequestRecord): ConsentRequest {
  return { id, handle, ...record, status: answer }
}

import { grantee, ruleTerms, schema, type Did, type Handle, type ObjectId } from '@chiron/protocol'
import * as v from 'valibot'
import type { StateReader, StateWriter } from '../../state/reader.ts'
import { didAt, didPart, factTable, flatTable, snapshotTable } from '../table.ts'

/** A rule that has not been revoked. `request`: the one whose approval made it. */
const ruleRecord = v.strictObject({ terms: ruleTerms, grantedMs: schema.timeMs, changedMs: schema.timeMs, request: v.nullable(schema.objectId) })
export type RuleRecord = v.InferOutput<typeof ruleRecord>

const endedRuleRecord = v.strictObject({ ...ruleRecord.entries, endedMs: schema.timeMs, ended: v.picklist(['revoked', 'expired']) })
export type EndedRuleRecord = v.InferOutput<typeof endedRuleRecord>

const requestRecord = v.strictObject({
  organisation: schema.did,
  reader: schema.did,
  grantee,
  purposes: v.array(schema.purpose),
  categories: v.array(schema.tag),
  labels: v.array(schema.tag),
  actions: v.array(schema.action),
  forMs: schema.timeMs,
  askedMs: schema.timeMs,
})
/** A request that waits for an answer. */
export type RequestRecord = v.InferOutput<typeof requestRecord>

const answeredRequestRecord = v.strictObject({
  ...requestRecord.entries,
  answeredMs: schema.timeMs,
  answer: v.picklist(['approved', 'denied', 'expired']),
  rule: v.nullable(schema.objectId),
})
export type AnsweredRequestRecord = v.InferOutput<typeof answeredRequestRecord>

const treatmentRecord = v.strictObject({ sinceMs: schema.timeMs, untilMs: schema.timeMs, contestedMs: v.nullable(schema.timeMs) })
export type TreatmentRecord = v.InferOutput<typeof treatmentRecord>

const rules = snapshotTable('con/r/', ruleRecord, 'handle')
const requests = factTable('con/q/', requestRecord)
const treatments = snapshotTable('con/t/', treatmentRecord, 'handle')
const endedRules = flatTable('con/re/', endedRuleRecord)
const answeredRequests = flatTable('con/qe/', answeredRequestRecord)
const requestHandles = flatTable('con/qi/', schema.handle)
const ruleCounts = flatTable('con/rn/', schema.uint)
const pendingCounts = flatTable('con/qn/', schema.uint)

/** The terms of each rule that has not been revoked, undecoded. */
export function* listRuleBytes(state: StateReader, handle: Handle): Iterable<readonly [ObjectId, Uint8Array]> {
  for (const { key, bytes } of rules.listBytes(state, handle)) yield [key.slice(32) as ObjectId, bytes]
}
export const decodeRule = (bytes: Uint8Array): RuleRecord => rules.decode(bytes)

export const getRule = (state: StateReader, handle: Handle, id: ObjectId): RuleRecord | undefined => rules.get(state, handle, id)
export const getEndedRule = (state: StateReader, handle: Handle, id: ObjectId): EndedRuleRecord | undefined => endedRules.get(state, handle, id)
export const getRuleCount = (state: StateReader, handle: Handle): number => ruleCounts.get(state, handle) ?? 0

export function addRule(state: StateWriter, handle: Handle, id: ObjectId, value: RuleRecord): void {
  rules.set(state, value, handle, id)
  ruleCounts.set(state, getRuleCount(state, handle) + 1, handle)
}

export const replaceRule = (state: StateWriter, handle: Handle, id: ObjectId, value: RuleRecord): void => rules.set(state, value, handle, id)

export function endRule(state: StateWriter, handle: Handle, id: ObjectId, value: EndedRuleRecord): void {
  rules.delete(state, handle, id)
  endedRules.set(state, value, handle, id)
  ruleCounts.set(state, getRuleCount(state, handle) - 1, handle)
}

export function* listRules(state: StateReader, handle: Handle): Iterable<readonly [ObjectId, RuleRecord]> {
  for (const { key, value } of rules.list(state, handle)) yield [key.slice(32) as ObjectId, value]
}

export function* listEndedRules(state: StateReader, handle: Handle): Iterable<readonly [ObjectId, EndedRuleRecord]> {
  for (const { key, value } of endedRules.list(state, handle)) yield [key.slice(32) as ObjectId, value]
}

export function* listAllRules(state: StateReader): Iterable<readonly [Handle, ObjectId, RuleRecord]> {
  for (const { key, value } of rules.list(state)) yield [key.slice(0, 32) as Handle, key.slice(32) as ObjectId, value]
}

export function* listRuleCounts(state: StateReader): Iterable<readonly [Handle, number]> {
  for (const { key, value } of ruleCounts.list(state)) yield [key.slice() as Handle, value]
}

export const getRequestHandle = (state: StateReader, id: ObjectId): Handle | undefined => requestHandles.get(state, id)
export const getRequest = (state: StateReader, handle: Handle, id: ObjectId): RequestRecord | undefined => requests.get(state, handle, id)
export const getAnswered = (state: StateReader, handle: Handle, id: ObjectId): AnsweredRequestRecord | undefined =>
  answeredRequests.get(state, handle, id)
export const getPendingCount = (state: StateReader, handle: Handle, organisation: Did): number =>
  pendingCounts.get(state, handle, didPart(organisation)) ?? 0

export function addRequest(state: StateWriter, handle: Handle, id: ObjectId, value: RequestRecord): void {
  requests.set(state, value, handle, id)
  requestHandles.set(state, handle, id)
  pendingCounts.set(state, getPendingCount(state, handle, value.organisation) + 1, handle, didPart(value.organisation))
}

export function answerRequest(state: StateWriter, handle: Handle, id: ObjectId, value: AnsweredRequestRecord): void {
  requests.delete(state, handle, id)
  answeredRequests.set(state, value, handle, id)
  pendingCounts.set(state, getPendingCount(state, handle, value.organisation) - 1, handle, didPart(value.organisation))
}

export function* listRequests(state: StateReader, handle: Handle): Iterable<readonly [ObjectId, RequestRecord]> {
  for (const { key, value } of requests.list(state, handle)) yield [key.slice(32) as ObjectId, value]
}

export function* listAnswered(state: StateReader, handle: Handle): Iterable<readonly [ObjectId, AnsweredRequestRecord]> {
  for (const { key, value } of answeredRequests.list(state, handle)) yield [key.slice(32) as ObjectId, value]
}

export function* listAllRequests(state: StateReader): Iterable<readonly [Handle, ObjectId, RequestRecord]> {
  for (const { key, value } of requests.list(state)) yield [key.slice(0, 32) as Handle, key.slice(32) as ObjectId, value]
}

export function* listPendingCounts(state: StateReader): Iterable<readonly [Handle, Did, number]> {
  for (const { key, value } of pendingCounts.list(state)) yield [key.slice(0, 32) as Handle, didAt(key, 32), value]
}

export const getTreatment = (state: StateReader, handle: Handle, organisation: Did): TreatmentRecord | undefined =>
  treatments.get(state, handle, didPart(organisation))
export const setTreatment = (state: StateWriter, handle: Handle, organisation: Did, value: TreatmentRecord): void =>
  treatments.set(state, value, handle, didPart(organisation))

export function* listTreatments(state: StateReader, handle: Handle): Iterable<readonly [Did, TreatmentRecord]> {
  for (const { key, value } of treatments.list(state, handle)) yield [didAt(key, 32), value]
}

/** Whole keys of facts, for proofs. */
export const consentKeys = {
  rule: (handle: Handle, id: ObjectId): Uint8Array => rules.key(handle, id),
  request: (handle: Handle, id: ObjectId): Uint8Array => requests.key(handle, id),
  treatment: (handle: Handle, organisation: Did): Uint8Array => treatments.key(handle, didPart(organisation)),
}

import * as v from 'valibot'
import { action, did, handle, listOf, objectId, purpose, recordId, role, salt, tag, timeMs } from '../schema.ts'

/** Who a rule is for. `anyone-treating`: whoever has a registered, uncontested treating relationship. */
export const grantee = v.variant('kind', [
  v.strictObject({ kind: v.literal('person'), did }),
  v.strictObject({ kind: v.literal('organisation'), did }),
  v.strictObject({ kind: v.literal('role'), role }),
  v.strictObject({ kind: v.literal('anyone-treating') }),
])
export type Grantee = v.InferOutput<typeof grantee>

/**
 * What a rule says. Empty `purposes`, `categories` and `records` mean all; empty `labels` means that no label is named.
 * It is in force while block time lies in [from, until); `until` null has no end.
 * `overrides` names the denial that a narrower permit is meant to override.
 */
export const ruleTerms = v.strictObject({
  effect: v.picklist(['permit', 'deny']),
  grantee,
  purposes: listOf(purpose, 16),
  categories: listOf(tag, 32),
  labels: listOf(tag, 16),
  records: listOf(recordId, 256),
  actions: listOf(action, 4, 1),
  from: timeMs,
  until: v.nullable(timeMs),
  overrides: v.nullable(objectId),
})
export type RuleTerms = v.InferOutput<typeof ruleTerms>

/** Makes a rule about the patient who signs; its id is derived from the transaction (SPEC-ID-3). */
export const consentGrant = v.strictObject({ type: v.literal('consent.grant'), salt, patient: handle, terms: ruleTerms })

/** Replaces the terms of a rule that is in force. */
export const consentModify = v.strictObject({ type: v.literal('consent.modify'), salt, patient: handle, rule: objectId, terms: ruleTerms })

export const consentRevoke = v.strictObject({ type: v.literal('consent.revoke'), salt, patient: handle, rule: objectId })

/** Asks a patient. Signed by the organisation; `reader` is the person who asks (or the organisation). `forMs` is a duration. */
export const consentRequest = v.strictObject({
  type: v.literal('consent.request'),
  salt,
  patient: handle,
  reader: did,
  grantee,
  purposes: listOf(purpose, 16, 1),
  categories: listOf(tag, 32),
  labels: listOf(tag, 16),
  actions: listOf(action, 4, 1),
  forMs: timeMs,
})

/** Approves a request; `terms` may narrow it and never widen it, in grantee, purposes, categories, labels, actions or duration. */
export const consentApprove = v.strictObject({ type: v.literal('consent.approve'), salt, patient: handle, request: objectId, terms: ruleTerms })

export const consentDeny = v.strictObject({ type: v.literal('consent.deny'), salt, patient: handle, request: objectId })

/** States that the signing organisation treats the patient until a time: it may write into the chart. */
export const consentRegisterTreatment = v.strictObject({ type: v.literal('consent.registerTreatment'), salt, patient: handle, until: timeMs })

/** The patient contests, and so ends, an organisation's treating relationship. */
export const consentContestTreatment = v.strictObject({ type: v.literal('consent.contestTreatment'), salt, patient: handle, organisation: did })

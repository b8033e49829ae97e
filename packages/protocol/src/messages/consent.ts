import * as v from 'valibot'
import { action, day, did, handle, hash32, jurisdiction, listOf, objectId, obligation, purpose, recordId, role, salt, tag, timeMs } from '../schema.ts'

/**
 * Who a rule is for. `role`: whoever has it, at that organisation if one is named. `anyone-treating`: whoever acts for an
 * organisation with a registered, uncontested treating relationship. `anyone`: whoever acts for a live member.
 */
export const grantee = v.variant('kind', [
  v.strictObject({ kind: v.literal('person'), did }),
  v.strictObject({ kind: v.literal('organisation'), did }),
  v.strictObject({ kind: v.literal('role'), role, organisation: v.exactOptional(did) }),
  v.strictObject({ kind: v.literal('anyone-treating') }),
  v.strictObject({ kind: v.literal('anyone') }),
])
export type Grantee = v.InferOutput<typeof grantee>

/**
 * What must hold for a rule to speak. `jurisdiction`: the country of the reader's organisation is (or is not) one of
 * these. `second-person`: another professional endorsed the reader. `terms`: the organisation accepted the terms with
 * this SHA-256.
 */
export const ruleCondition = v.variant('kind', [
  v.strictObject({ kind: v.literal('jurisdiction'), within: v.boolean(), of: listOf(jurisdiction, 64, 1) }),
  v.strictObject({ kind: v.literal('second-person') }),
  v.strictObject({ kind: v.literal('terms'), hash: hash32 }),
])
export type RuleCondition = v.InferOutput<typeof ruleCondition>

/** Interval [from, until) of shifted days, open where it is null, not on both sides. */
export const dataInterval = v.pipe(
  v.strictObject({ from: v.nullable(day), until: v.nullable(day) }),
  v.check(({ from, until }) => (from === null ? until !== null : until === null || from < until)),
)
export type DataInterval = v.InferOutput<typeof dataInterval>

/**
 * What a rule says. Empty `purposes`, `categories` and `records` mean all; empty `labels` means that no label is named.
 * It is in force while block time lies in [from, until); `until` null has no end.
 * `overrides` names the denial that a narrower permit is meant to override.
 * Fields that may be left out are never present and empty: `data` limits the rule to data of those days, `conditions`
 * must all hold, `obligations` bind whoever is served under the permit, `absolute` makes a denial stand in an emergency.
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
  data: v.exactOptional(dataInterval),
  conditions: v.exactOptional(listOf(ruleCondition, 8, 1)),
  obligations: v.exactOptional(listOf(obligation, 8, 1)),
  absolute: v.exactOptional(v.literal(true)),
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

/**
 * An order of an authority: a denial nobody can waive, or a permit on a legal or public-health basis. `patient` null is
 * about every patient. `basis` is the SHA-256 of the document that it rests on. Signed by a regulator or public-health
 * authority that governance attested.
 */
export const consentOrder = v.strictObject({ type: v.literal('consent.order'), salt, patient: v.nullable(handle), terms: ruleTerms, basis: hash32 })

/** Ends an order; by the authority that made it or by governance. */
export const consentLiftOrder = v.strictObject({ type: v.literal('consent.liftOrder'), salt, patient: v.nullable(handle), order: objectId })

/**
 * Lets a person (a carer, a parent) read as the patient who signs does, within actions, categories (none: all) and
 * labels (none: nothing that is labelled), until a time.
 */
export const consentAppointDelegate = v.strictObject({
  type: v.literal('consent.appointDelegate'),
  salt,
  patient: handle,
  delegate: did,
  actions: listOf(action, 4, 1),
  categories: listOf(tag, 32),
  labels: listOf(tag, 16),
  until: timeMs,
})

export const consentDismissDelegate = v.strictObject({ type: v.literal('consent.dismissDelegate'), salt, patient: handle, delegate: did })

/** States that the signing organisation accepts the terms of use with this SHA-256. */
export const consentAcceptTerms = v.strictObject({ type: v.literal('consent.acceptTerms'), salt, hash: hash32 })

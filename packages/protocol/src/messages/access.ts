import * as v from 'valibot'
import { action, did, handle, hash32, listOf, objectId, purpose, salt, tag, timeMs, uint } from '../schema.ts'

/** One opening that a gateway asks for: `reader` through the signing organisation, for a purpose, about a patient. */
export const opening = v.strictObject({ patient: handle, reader: did, purpose, action })
export type Opening = v.InferOutput<typeof opening>

/** Opens accesses, all or none; each is decided in the block. Ids are derived with the item's index (SPEC-ID-3). */
export const accessOpen = v.strictObject({ type: v.literal('access.open'), salt, openings: listOf(opening, 500, 1) })

/** Ends an access before its time; by the gateway that opened it or by the patient. */
export const accessClose = v.strictObject({ type: v.literal('access.close'), salt, patient: handle, access: objectId })

/** Lists refused attempts for the patients. `reader` null: somebody for whom the signing organisation may not speak. SPEC-ACC-10. */
export const accessRefuse = v.strictObject({
  type: v.literal('access.refuse'),
  salt,
  refusals: listOf(v.strictObject({ patient: handle, reader: v.nullable(did), purpose, action, count: uint }), 500, 1),
})

/**
 * What was displayed under an access: how many items of each category, and the Merkle root (RFC 9162) over salted
 * details that the patient and the reader can open.
 */
export const accessReport = v.strictObject({
  type: v.literal('access.report'),
  salt,
  reports: listOf(
    v.strictObject({ patient: handle, access: objectId, counts: listOf(v.strictObject({ category: tag, count: uint }), 32), root: hash32 }),
    500,
    1,
  ),
})

/** A second professional of the signing organisation endorses a reader's access to a patient, for one purpose, until a time. */
export const accessEndorse = v.strictObject({
  type: v.literal('access.endorse'),
  salt,
  patient: handle,
  reader: did,
  purpose,
  endorser: did,
  until: timeMs,
})

/** Why an emergency is declared. Words that say nothing about what the patient has. */
export const emergencyReason = v.picklist(['danger-to-life', 'cannot-be-asked', 'danger-to-others', 'disaster'])
export type EmergencyReason = v.InferOutput<typeof emergencyReason>

/** Declares an emergency and opens the patient's records to `reader`, a clinician of the signing organisation, for a short time. */
export const accessBreakGlass = v.strictObject({ type: v.literal('access.breakGlass'), salt, patient: handle, reader: did, reason: emergencyReason })

/** A second clinician of the organisation confirms an emergency, which extends it. */
export const accessConfirmEmergency = v.strictObject({
  type: v.literal('access.confirmEmergency'),
  salt,
  patient: handle,
  emergency: objectId,
  confirmer: did,
})

/** Closes the open review of an emergency; by a professional of another organisation, which signs. */
export const accessReviewEmergency = v.strictObject({
  type: v.literal('access.reviewEmergency'),
  salt,
  patient: handle,
  emergency: objectId,
  outcome: v.picklist(['justified', 'unjustified']),
  reviewer: did,
})

/** The patient contests an emergency: its access ends, its review is open again. */
export const accessContestEmergency = v.strictObject({ type: v.literal('access.contestEmergency'), salt, patient: handle, emergency: objectId })

import * as v from 'valibot'
import { action, did, handle, hash32, listOf, objectId, purpose, salt, tag, uint } from '../schema.ts'

/** One opening that a gateway asks for: `reader` through the signing organisation, for a purpose, about a patient. */
export const opening = v.strictObject({ patient: handle, reader: did, purpose, action })
export type Opening = v.InferOutput<typeof opening>

/** Opens accesses, all or none; each is decided in the block. Ids are derived with the item's index (SPEC-ID-3). */
export const accessOpen = v.strictObject({ type: v.literal('access.open'), salt, openings: listOf(opening, 500, 1) })

/** Ends an access before its time; by the gateway that opened it or by the patient. */
export const accessClose = v.strictObject({ type: v.literal('access.close'), salt, patient: handle, access: objectId })

/** Lists refused attempts for the patients. */
export const accessRefuse = v.strictObject({
  type: v.literal('access.refuse'),
  salt,
  refusals: listOf(v.strictObject({ patient: handle, reader: did, purpose, action, count: uint }), 500, 1),
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

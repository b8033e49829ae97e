import * as v from 'valibot'
import { schema } from '@chiron/protocol'
import { forMs, hashText, objectIdText, operation, patientId, strings } from './shapes.ts'
import { termsFields } from './terms-fields.ts'

/** Roles that governance attests to an organisation which may then order. */
export const authorityRole = v.picklist(['regulator', 'public-health'])

/** An order in words. `isAboutAll`: about every patient of the network. `basis`: SHA-256 of the document that it rests on. */
export const orderRow = v.strictObject({
  order: objectIdText,
  isAboutAll: v.boolean(),
  authority: v.string(),
  effect: v.picklist(['permit', 'deny']),
  to: v.string(),
  purposes: strings,
  categories: strings,
  labels: strings,
  records: strings,
  limits: strings,
  actions: strings,
  fromMs: schema.timeMs,
  untilMs: v.nullable(schema.timeMs),
  status: v.picklist(['in-force', 'not-yet', 'ended', 'lifted']),
  basis: hashText,
})
export type OrderRow = v.InferOutput<typeof orderRow>

/** Orders of authorities that the node serves. `patient` null: about every patient. */
export const orderOperations = {
  order: operation('POST', '/order', v.strictObject({ organisation: schema.memberName, patient: v.nullable(patientId), ...termsFields, basis: hashText }), orderRow),
  liftOrder: operation('POST', '/order/:order/lift', v.strictObject({ organisation: schema.memberName, patient: v.nullable(patientId), order: objectIdText }), v.strictObject({ order: objectIdText, atMs: schema.timeMs })),
  /** Those about a patient, and without one those about everybody. */
  orders: operation('GET', '/order', v.strictObject({ patient: v.optional(patientId) }), v.strictObject({ orders: v.array(orderRow) })),
  /** Governance states that an organisation is an authority; signed by a governor that the node serves. */
  authorise: operation('POST', '/order/authority', v.strictObject({ organisation: schema.memberName, role: authorityRole, forMs }), v.strictObject({ organisation: v.string(), untilMs: schema.timeMs })),
} as const

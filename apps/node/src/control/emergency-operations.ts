import * as v from 'valibot'
import { emergencyReason, schema } from '@chiron/protocol'
import { objectIdText, operation, patientId, userName } from './shapes.ts'

export const emergencyOutcome = v.picklist(['justified', 'unjustified'])

/** An emergency in words. `patient`: the id under which it was declared, where that is told; `untilMs`: when it ends or ended. */
export const emergencyRow = v.strictObject({
  emergency: objectIdText,
  patient: v.nullable(patientId),
  who: v.string(),
  organisation: v.string(),
  reason: emergencyReason,
  declaredMs: schema.timeMs,
  untilMs: schema.timeMs,
  /** `unconfirmed`: it ends soon unless a second clinician confirms it. */
  status: v.picklist(['unconfirmed', 'confirmed', 'ended']),
  confirmedBy: v.nullable(v.string()),
  review: v.picklist(['waiting', ...emergencyOutcome.options]),
  reviewedBy: v.nullable(v.string()),
  contested: v.boolean(),
})
export type EmergencyRow = v.InferOutput<typeof emergencyRow>

const byUser = { organisation: schema.memberName, user: userName }

/** Emergencies, by users of the node's organisations and by patients whose wallets the node holds. Sample networks only, except for the lists. */
export const emergencyOperations = {
  declareEmergency: operation('POST', '/emergency', v.strictObject({ ...byUser, patient: patientId, reason: emergencyReason }), emergencyRow),
  confirmEmergency: operation('POST', '/emergency/:emergency/confirm', v.strictObject({ ...byUser, emergency: objectIdText }), emergencyRow),
  reviewEmergency: operation('POST', '/emergency/:emergency/review', v.strictObject({ ...byUser, emergency: objectIdText, outcome: emergencyOutcome }), emergencyRow),
  contestEmergency: operation('POST', '/emergency/:emergency/contest', v.strictObject({ patient: patientId, emergency: objectIdText }), emergencyRow),
  emergenciesOfPatient: operation('GET', '/emergency/of-patient', v.strictObject({ patient: patientId }), v.strictObject({ emergencies: v.array(emergencyRow) })),
  /** What the organisation's people may act on: its own, and others' that wait for a review. */
  emergenciesOfOrganisation: operation('GET', '/emergency', v.strictObject({ organisation: schema.memberName }), v.strictObject({ emergencies: v.array(emergencyRow) })),
} as const

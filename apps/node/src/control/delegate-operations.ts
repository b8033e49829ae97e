import * as v from 'valibot'
import { action, schema } from '@chiron/protocol'
import { category, forMs, label, objectIdText, operation, patientId, strings } from './shapes.ts'

/** Who is to read in the patient's place: the id of their own Patient, or their DID where this node does not know them as a patient. */
const delegateName = v.union([patientId, schema.did])

/** What a delegate may do in the patient's place. No categories: all; no labels: nothing that is labelled. */
export const delegateRow = v.strictObject({
  delegation: objectIdText,
  delegate: schema.did,
  actions: strings,
  categories: strings,
  labels: strings,
  sinceMs: schema.timeMs,
  untilMs: schema.timeMs,
  status: v.picklist(['in-force', 'ended']),
})
export type DelegateRow = v.InferOutput<typeof delegateRow>

export const delegateOperations = {
  appointDelegate: operation(
    'POST', '/delegate',
    v.strictObject({ patient: patientId, delegate: delegateName, actions: v.pipe(v.array(action), v.minLength(1)), categories: v.array(category), labels: v.array(label), forMs }),
    delegateRow,
  ),
  dismissDelegate: operation('POST', '/delegate/dismiss', v.strictObject({ patient: patientId, delegate: delegateName }), v.strictObject({ delegate: schema.did, atMs: schema.timeMs })),
  delegates: operation('GET', '/delegate', v.strictObject({ patient: patientId }), v.strictObject({ delegates: v.array(delegateRow) })),
} as const

import * as v from 'valibot'
import { schema } from '@chiron/protocol'
import { forMs, operation, patientId, userName } from './shapes.ts'

export const endorsementRow = v.strictObject({ reader: v.string(), endorsedBy: v.string(), organisation: v.string(), purpose: schema.purpose, untilMs: schema.timeMs })
export type EndorsementRow = v.InferOutput<typeof endorsementRow>

/** A second professional stands by a colleague's access, which a patient's rule may ask for. Sample networks only. */
export const endorsementOperations = {
  endorse: operation(
    'POST', '/endorsement',
    v.strictObject({ organisation: schema.memberName, user: userName, reader: userName, patient: patientId, purpose: schema.purpose, forMs }),
    endorsementRow,
  ),
} as const

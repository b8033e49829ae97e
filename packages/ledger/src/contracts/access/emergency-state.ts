import { emergencyReason, schema, type Handle, type ObjectId } from '@chiron/protocol'
import * as v from 'valibot'
import type { StateReader, StateWriter } from '../../state/reader.ts'
import { flatTable, snapshotTable } from '../table.ts'

const emergencyRecord = v.strictObject({
  reader: schema.did,
  organisation: schema.did,
  reason: emergencyReason,
  declaredMs: schema.timeMs,
  /** Until when it may be confirmed, and lasts if it is not. */
  confirmByMs: schema.timeMs,
  /** Until when it lasts once confirmed. */
  endMs: schema.timeMs,
  confirmation: v.nullable(v.strictObject({ confirmer: schema.did, timeMs: schema.timeMs })),
  /** When a dispute or a review ended it before its time. */
  endedMs: v.nullable(schema.timeMs),
  /** Null while a review is open. */
  review: v.nullable(
    v.strictObject({ organisation: schema.did, reviewer: schema.did, outcome: v.picklist(['justified', 'unjustified']), timeMs: schema.timeMs }),
  ),
  /** The newest dispute, and who had reviewed before it. */
  dispute: v.nullable(v.strictObject({ timeMs: schema.timeMs, reviewer: v.nullable(schema.did) })),
})
export type EmergencyRecord = v.InferOutput<typeof emergencyRecord>

/** Those that may last, wait for a review, or keep their reader from declaring another. */
const open = snapshotTable('acc/e/', emergencyRecord, 'handle')
/** Those that are reviewed and long over. */
const settled = flatTable('acc/ee/', emergencyRecord)

export const getEmergency = (state: StateReader, handle: Handle, id: ObjectId): EmergencyRecord | undefined =>
  open.get(state, handle, id) ?? settled.get(state, handle, id)

/** Writes an emergency, also one that was settled: a dispute opens it again. */
export function setEmergency(state: StateWriter, handle: Handle, id: ObjectId, value: EmergencyRecord): void {
  if (settled.has(state, handle, id)) settled.delete(state, handle, id)
  open.set(state, value, handle, id)
}

export function settleEmergency(state: StateWriter, handle: Handle, id: ObjectId, value: EmergencyRecord): void {
  open.delete(state, handle, id)
  settled.set(state, value, handle, id)
}

/** Emergencies that are not settled, in the order of ids. */
export function* listEmergencies(state: StateReader, handle: Handle): Iterable<readonly [ObjectId, EmergencyRecord]> {
  for (const { key, value } of open.list(state, handle)) yield [key.slice(32) as ObjectId, value]
}

export function* listSettled(state: StateReader, handle: Handle): Iterable<readonly [ObjectId, EmergencyRecord]> {
  for (const { key, value } of settled.list(state, handle)) yield [key.slice(32) as ObjectId, value]
}

export function* listAllEmergencies(state: StateReader): Iterable<readonly [Handle, ObjectId, EmergencyRecord]> {
  for (const { key, value } of open.list(state)) yield [key.slice(0, 32) as Handle, key.slice(32) as ObjectId, value]
}

export function* listAllSettled(state: StateReader): Iterable<readonly [Handle, ObjectId, EmergencyRecord]> {
  for (const { key, value } of settled.list(state)) yield [key.slice(0, 32) as Handle, key.slice(32) as ObjectId, value]
}

/** Whole key of an emergency's fact, for proofs. */
export const emergencyKey = (handle: Handle, id: ObjectId): Uint8Array => open.key(handle, id)

import { ruleTerms, schema, type Handle, type ObjectId } from '@chiron/protocol'
import * as v from 'valibot'
import type { StateReader, StateWriter } from '../../state/reader.ts'
import { flatTable, snapshotTable, type Table } from '../table.ts'

/** An order that has not been lifted. `basis`: SHA-256 of the document it rests on. */
const orderRecord = v.strictObject({ authority: schema.did, terms: ruleTerms, basis: schema.hash32, sinceMs: schema.timeMs })
export type OrderRecord = v.InferOutput<typeof orderRecord>

/** `liftedBy` null: it ran out. */
const endedOrderRecord = v.strictObject({ ...orderRecord.entries, endedMs: schema.timeMs, liftedBy: v.nullable(schema.did) })
export type EndedOrderRecord = v.InferOutput<typeof endedOrderRecord>

const ofHandle = { current: snapshotTable('con/o/', orderRecord, 'handle'), ended: flatTable('con/oe/', endedOrderRecord) }
const ofAll = { current: snapshotTable('con/w/', orderRecord, 'everybody'), ended: flatTable('con/we/', endedOrderRecord) }

interface OrderTables {
  readonly current: Table<OrderRecord>
  readonly ended: Table<EndedOrderRecord>
}

/** Handle null: orders about everybody. */
const tablesOf = (handle: Handle | null): OrderTables => (handle === null ? ofAll : ofHandle)
const partsOf = (handle: Handle | null, ...rest: Uint8Array[]): Uint8Array[] => (handle === null ? rest : [handle, ...rest])

export const getOrder = (state: StateReader, handle: Handle | null, id: ObjectId): OrderRecord | undefined =>
  tablesOf(handle).current.get(state, ...partsOf(handle, id))
export const getEndedOrder = (state: StateReader, handle: Handle | null, id: ObjectId): EndedOrderRecord | undefined =>
  tablesOf(handle).ended.get(state, ...partsOf(handle, id))
export const addOrder = (state: StateWriter, handle: Handle | null, id: ObjectId, value: OrderRecord): void =>
  tablesOf(handle).current.set(state, value, ...partsOf(handle, id))

export function endOrder(state: StateWriter, handle: Handle | null, id: ObjectId, value: EndedOrderRecord): void {
  tablesOf(handle).current.delete(state, ...partsOf(handle, id))
  tablesOf(handle).ended.set(state, value, ...partsOf(handle, id))
}

export function* listOrders(state: StateReader, handle: Handle | null): Iterable<readonly [ObjectId, OrderRecord]> {
  for (const { key, value } of tablesOf(handle).current.list(state, ...partsOf(handle))) yield [key.slice(-16) as ObjectId, value]
}

export function* listEndedOrders(state: StateReader, handle: Handle | null): Iterable<readonly [ObjectId, EndedOrderRecord]> {
  for (const { key, value } of tablesOf(handle).ended.list(state, ...partsOf(handle))) yield [key.slice(-16) as ObjectId, value]
}

/** Orders about single patients. */
export function* listAllOrders(state: StateReader): Iterable<readonly [Handle, ObjectId, OrderRecord]> {
  for (const { key, value } of ofHandle.current.list(state)) yield [key.slice(0, 32) as Handle, key.slice(32) as ObjectId, value]
}

/** Whole key of an order's fact, for proofs. */
export const orderKey = (handle: Handle | null, id: ObjectId): Uint8Array => tablesOf(handle).current.key(...partsOf(handle, id))

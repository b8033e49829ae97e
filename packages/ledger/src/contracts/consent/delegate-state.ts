import { schema, type Did, type Handle } from '@chiron/protocol'
import * as v from 'valibot'
import type { StateReader, StateWriter } from '../../state/reader.ts'
import { didAt, didPart, snapshotTable } from '../table.ts'

/** What a person may do in the patient's place. No categories: all. No labels: nothing that is labelled. */
const delegateRecord = v.strictObject({
  id: schema.objectId,
  actions: v.array(schema.action),
  categories: v.array(schema.tag),
  labels: v.array(schema.tag),
  sinceMs: schema.timeMs,
  untilMs: schema.timeMs,
})
export type DelegateRecord = v.InferOutput<typeof delegateRecord>

const delegates = snapshotTable('con/d/', delegateRecord, 'handle')

export const getDelegate = (state: StateReader, handle: Handle, did: Did): DelegateRecord | undefined => delegates.get(state, handle, didPart(did))
export const setDelegate = (state: StateWriter, handle: Handle, did: Did, value: DelegateRecord): void =>
  delegates.set(state, value, handle, didPart(did))
export const deleteDelegate = (state: StateWriter, handle: Handle, did: Did): void => delegates.delete(state, handle, didPart(did))

export function* listDelegates(state: StateReader, handle: Handle): Iterable<readonly [Did, DelegateRecord]> {
  for (const { key, value } of delegates.list(state, handle)) yield [didAt(key, 32), value]
}

export function* listAllDelegates(state: StateReader): Iterable<readonly [Handle, Did, DelegateRecord]> {
  for (const { key, value } of delegates.list(state)) yield [key.slice(0, 32) as Handle, didAt(key, 32), value]
}

/** Whole key of a delegate's fact, for proofs. */
export const delegateKey = (handle: Handle, did: Did): Uint8Array => delegates.key(handle, didPart(did))

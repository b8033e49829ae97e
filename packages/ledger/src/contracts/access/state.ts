import { concatBytes, didBytes, schema, utf8, type Action, type Did, type Handle, type ObjectId } from '@chiron/protocol'
import * as v from 'valibot'
import type { StateReader, StateWriter } from '../../state/reader.ts'
import { factTable, flatTable, uint32Part } from '../table.ts'
import { decodeAccessEntry, encodeAccessEntry } from './entry-codec.ts'
import type { AccessEntry } from './entries.ts'

/** An open access. `categories` is the scope of the rules that permit it (none: not limited, or by too many to name); it decides nothing. */
const openRecord = v.strictObject({
  reader: schema.did,
  organisation: schema.did,
  purpose: schema.purpose,
  action: schema.action,
  tier: v.picklist(['0', '1', '2', '3a', '3b', '4', '5', '6', '7', '8', '9', '10']),
  rules: v.array(schema.objectId),
  categories: v.array(schema.tag),
  openedMs: schema.timeMs,
  untilMs: schema.timeMs,
})
export type OpenRecord = v.InferOutput<typeof openRecord>

/** Who reads through whom and why: what makes two accesses to a handle the same. */
export interface AccessSubject {
  readonly reader: Did
  readonly organisation: Did
  readonly purpose: string
  readonly action: Action
}

const placeRecord = v.strictObject({ handle: schema.handle, index: schema.uint, reports: schema.uint })
/** Where an access, open or ended, stands in its list. */
export type PlaceRecord = v.InferOutput<typeof placeRecord>

const countRecord = v.strictObject({ open: schema.uint, sweepAt: schema.uint })
/** How many facts of open accesses a handle has, and from how many on those that ran out are swept. */
export type CountRecord = v.InferOutput<typeof countRecord>

const open = factTable('acc/o/', openRecord)
const places = flatTable('acc/i/', placeRecord)
const subjects = flatTable('acc/k/', schema.objectId)
const counts = flatTable('acc/n/', countRecord)

export const getOpen = (state: StateReader, handle: Handle, id: ObjectId): OpenRecord | undefined => open.get(state, handle, id)

export function setOpen(state: StateWriter, handle: Handle, id: ObjectId, value: OpenRecord): void {
  open.set(state, value, handle, id)
  subjects.set(state, id, subjectKey(handle, value))
}

export function deleteOpen(state: StateWriter, handle: Handle, id: ObjectId, record: OpenRecord): void {
  open.delete(state, handle, id)
  subjects.delete(state, subjectKey(handle, record))
}

export function* listOpen(state: StateReader, handle: Handle): Iterable<readonly [ObjectId, OpenRecord]> {
  for (const { key, value } of open.list(state, handle)) yield [key.slice(32) as ObjectId, value]
}

export function* listAllOpen(state: StateReader): Iterable<readonly [Handle, ObjectId, OpenRecord]> {
  for (const { key, value } of open.list(state)) yield [key.slice(0, 32) as Handle, key.slice(32) as ObjectId, value]
}

export const findSubject = (state: StateReader, handle: Handle, subject: AccessSubject): ObjectId | undefined =>
  subjects.get(state, subjectKey(handle, subject))

export const getPlace = (state: StateReader, id: ObjectId): PlaceRecord | undefined => places.get(state, id)
export const setPlace = (state: StateWriter, id: ObjectId, value: PlaceRecord): void => places.set(state, value, id)

export const getCount = (state: StateReader, handle: Handle): CountRecord | undefined => counts.get(state, handle)
export const setCount = (state: StateWriter, handle: Handle, value: CountRecord): void => counts.set(state, value, handle)

export function* listCounts(state: StateReader): Iterable<readonly [Handle, CountRecord]> {
  for (const { key, value } of counts.list(state)) yield [key.slice() as Handle, value]
}

/** Appends to the patient's list and returns the entry's index. */
export const appendEntry = (state: StateWriter, handle: Handle, entry: AccessEntry): number =>
  state.append('accesses', handle, encodeAccessEntry(entry))

export function getEntry(state: StateReader, handle: Handle, index: number): AccessEntry | undefined {
  const bytes = state.entry('accesses', handle, index)
  return bytes === undefined ? undefined : decodeAccessEntry(bytes)
}

export const entryCount = (state: StateReader, handle: Handle): number => state.listSize('accesses', handle)

export function* listEntries(state: StateReader, handle: Handle, from: number, to?: number): Iterable<readonly [number, AccessEntry]> {
  let index = from
  for (const bytes of state.entries('accesses', handle, from, to)) yield [index++, decodeAccessEntry(bytes)]
}

/** Whole key of an open access's fact, for proofs. */
export const openAccessKey = (handle: Handle, id: ObjectId): Uint8Array => open.key(handle, id)

const ACTIONS: readonly Action[] = ['read', 'write', 'share', 'research']

function subjectKey(handle: Handle, { reader, organisation, purpose, action }: AccessSubject): Uint8Array {
  return concatBytes(handle, didBytes(reader), didBytes(organisation), uint32Part(ACTIONS.indexOf(action)), utf8(purpose))
}

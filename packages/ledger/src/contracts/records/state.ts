import { schema, type Did, type Handle, type RecordId, type Tag } from '@chiron/protocol'
import * as v from 'valibot'
import type { StateReader, StateWriter } from '../../state/reader.ts'
import { didAt, didPart, factTable, flatTable, uint32Part } from '../table.ts'
import { decodeRecordEntry, encodeRecordEntry, type RecordEntry } from './entry.ts'

/** Where one version stands: for each subject, in the order of the subjects, its handle and the index in its list. */
const places = v.array(v.strictTuple([schema.handle, schema.uint]))
export type Places = v.InferOutput<typeof places>

const headRecord = v.strictTuple([schema.uint32, places])

/** Only the newest version is here; earlier ones move to `versions`, so that most records need one key. */
const heads = flatTable('rec/h/', headRecord)
const versions = flatTable('rec/v/', places)
/** Labels of a record for one subject, ascending; only where there are any. */
const labels = factTable('rec/l/', v.pipe(v.array(schema.tag), v.minLength(1)))
const authored = flatTable('rec/a/', schema.uint)

export function getHead(state: StateReader, record: RecordId): { readonly version: number; readonly places: Places } | undefined {
  const head = heads.get(state, record)
  return head && { version: head[0], places: head[1] }
}

export function getPlaces(state: StateReader, record: RecordId, version: number): Places | undefined {
  const head = getHead(state, record)
  return head?.version === version ? head.places : versions.get(state, record, uint32Part(version))
}

/** Makes the version after the head the head; version 1 has none before it. */
export function pushHead(state: StateWriter, record: RecordId, version: number, at: Places): void {
  const before = version === 1 ? undefined : getHead(state, record)
  if (before !== undefined) versions.set(state, before.places, record, uint32Part(before.version))
  heads.set(state, [version, at], record)
}

export function* listHeads(state: StateReader): Iterable<readonly [RecordId, version: number, Places]> {
  for (const { key, value } of heads.list(state)) yield [key.slice() as RecordId, value[0], value[1]]
}

export const getLabels = (state: StateReader, handle: Handle, record: RecordId): readonly Tag[] => labels.get(state, handle, record) ?? []

export function setLabels(state: StateWriter, handle: Handle, record: RecordId, value: readonly Tag[]): void {
  if (value.length === 0) labels.delete(state, handle, record)
  else labels.set(state, [...value], handle, record)
}

export const getAuthored = (state: StateReader, handle: Handle, author: Did): number => authored.get(state, handle, didPart(author)) ?? 0
export const setAuthored = (state: StateWriter, handle: Handle, author: Did, count: number): void =>
  authored.set(state, count, handle, didPart(author))

export function* listAuthored(state: StateReader, handle: Handle): Iterable<readonly [Did, number]> {
  for (const { key, value } of authored.list(state, handle)) yield [didAt(key, 32), value]
}

export function* listAllAuthored(state: StateReader): Iterable<readonly [Handle, Did, number]> {
  for (const { key, value } of authored.list(state)) yield [key.slice(0, 32) as Handle, didAt(key, 32), value]
}

export const appendRecord = (state: StateWriter, handle: Handle, entry: RecordEntry): number =>
  state.append('records', handle, encodeRecordEntry(entry))

export function getEntry(state: StateReader, handle: Handle, index: number): RecordEntry | undefined {
  const bytes = state.entry('records', handle, index)
  return bytes === undefined ? undefined : decodeRecordEntry(bytes)
}

export function* listEntries(state: StateReader, handle: Handle, from: number, to?: number): Iterable<readonly [number, RecordEntry]> {
  let index = from
  for (const bytes of state.entries('records', handle, from, to)) yield [index++, decodeRecordEntry(bytes)]
}

/** Whole key of the fact that holds a record's labels for a subject, for proofs. */
export const labelsKey = (handle: Handle, record: RecordId): Uint8Array => labels.key(handle, record)

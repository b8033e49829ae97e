import { compareBytes, didBytes, equalBytes, formatDid, schema, type Did, type Handle, type RecordId, type Tag } from '@chiron/protocol'
import * as v from 'valibot'
import { InvariantError } from '../../runtime/errors.ts'
import type { StateReader, StateWriter } from '../../state/reader.ts'
import { didAt, didPart, factTable, flatTable, uint32Part } from '../table.ts'
import { moveVersion } from '../versions.ts'
import { decodeRecordEntry, encodeRecordEntry, type RecordEntry } from './entry.ts'

/** Where one version stands: for each subject, in the order of the subjects, its handle and the index in its list. */
export type Places = readonly (readonly [handle: Handle, index: number])[]

/** As they are stored: a handle of 32 bytes in each would be a tenth of the state. */
const storedPlaces = v.array(v.strictTuple([schema.uint32, schema.uint]))
/** Newest version, its places, and the first version's author (20 bytes) where that is not the newest one's. */
const headRecord = v.strictTuple([schema.uint32, storedPlaces, v.nullable(schema.bytesOf(20))])

export interface Head {
  readonly version: number
  readonly places: Places
  /** Who authored the first version; null: whoever authored the newest. */
  readonly firstAuthor: Did | null
}

/** Only the newest version is here; earlier ones move to `versions`, so that most records need one key. */
const heads = flatTable('rec/h/', headRecord)
const versions = flatTable('rec/v/', storedPlaces)
/** Numbers that stand for handles in places, from 0; and which comes next. */
const numbers = flatTable('rec/n/', schema.uint32)
const numbered = flatTable('rec/m/', schema.handle)
const nextNumber = flatTable('rec/c/', schema.uint32)
/**
 * Labels of a record for one subject, only where there are any: those that were given with its versions; or, where the
 * patient put some on, both lists, the patient's second. Each ascending.
 */
const someTags = v.pipe(v.array(schema.tag), v.minLength(1))
const labels = factTable('rec/l/', v.union([someTags, v.strictTuple([v.array(schema.tag), someTags])]))
const authored = flatTable('rec/a/', schema.uint)

export function getHead(state: StateReader, record: RecordId): Head | undefined {
  const head = heads.get(state, record)
  if (head === undefined) return undefined
  const [version, stored, first] = head
  return { version, places: placesOf(state, stored), firstAuthor: first === null ? null : formatDid(first) }
}

export function getPlaces(state: StateReader, record: RecordId, version: number): Places | undefined {
  const head = heads.get(state, record)
  const stored = head?.[0] === version ? head[1] : versions.get(state, record, uint32Part(version))
  return stored && placesOf(state, stored)
}

function placesOf(state: StateReader, stored: v.InferOutput<typeof storedPlaces>): Places {
  return stored.map(([number, index]) => {
    const handle = numbered.get(state, uint32Part(number))
    if (handle === undefined) throw new InvariantError('records: a place is in the list of nobody')
    return [handle, index]
  })
}

/** The number of a handle. */
export type NumberOf = (handle: Handle) => number

/** Numbers of handles, given out to those that have none. Entries of one message are often about one patient. */
export function numbering(state: StateWriter): NumberOf {
  let last: { readonly handle: Handle; readonly number: number } | undefined
  return (handle) => {
    if (last === undefined || !equalBytes(last.handle, handle)) last = { handle, number: numbers.get(state, handle) ?? giveNumber(state, handle) }
    return last.number
  }
}

function giveNumber(state: StateWriter, handle: Handle): number {
  const number = nextNumber.get(state) ?? 0
  nextNumber.set(state, number + 1)
  numbers.set(state, number, handle)
  numbered.set(state, handle, uint32Part(number))
  return number
}

/** Makes the version after the head the head; version 1 has none before it. */
export function pushHead(state: StateWriter, record: RecordId, { version, places, firstAuthor }: Head, numberOf: NumberOf): void {
  const before = version === 1 ? undefined : heads.get(state, record)
  if (before !== undefined) versions.set(state, before[1], record, uint32Part(before[0]))
  const stored = places.map(([handle, index]): [number, number] => [numberOf(handle), index])
  heads.set(state, [version, stored, firstAuthor === null ? null : didBytes(firstAuthor)], record)
}

export function* listHeads(state: StateReader): Iterable<readonly [RecordId, Head]> {
  for (const { key } of heads.list(state)) {
    const record = key.slice() as RecordId
    const head = getHead(state, record)
    if (head !== undefined) yield [record, head]
  }
}

/** Who put which labels on a record: its authors with its versions and afterwards, and the patient. Each list ascending. */
export interface LabelSets {
  readonly given: readonly Tag[]
  readonly own: readonly Tag[]
}

const NO_LABELS: LabelSets = { given: [], own: [] }

export function getLabelSets(state: StateReader, handle: Handle, record: RecordId): LabelSets {
  const stored = labels.get(state, handle, record)
  if (stored === undefined) return NO_LABELS
  return isPair(stored) ? { given: stored[0], own: stored[1] } : { given: stored, own: [] }
}

/** Whoever put them on, ascending, each once. */
export function getLabels(state: StateReader, handle: Handle, record: RecordId): readonly Tag[] {
  const { given, own } = getLabelSets(state, handle, record)
  if (own.length === 0) return given
  return [...given, ...own.filter((label) => !given.some((other) => equalBytes(other, label)))].sort(compareBytes)
}

export function setLabelSets(state: StateWriter, handle: Handle, record: RecordId, { given, own }: LabelSets): void {
  if (own.length > 0) labels.set(state, [[...given], [...own]], handle, record)
  else if (given.length > 0) labels.set(state, [...given], handle, record)
  else labels.delete(state, handle, record)
}

function isPair(stored: Tag[] | [Tag[], Tag[]]): stored is [Tag[], Tag[]] {
  return Array.isArray(stored[0])
}

export const getAuthored = (state: StateReader, handle: Handle, author: Did): number => authored.get(state, handle, didPart(author)) ?? 0

/** A snapshot holds who has authored, not how much: only a new author moves the handle's version on. */
export function addAuthored(state: StateWriter, handle: Handle, author: Did, count: number): void {
  const before = getAuthored(state, handle, author)
  authored.set(state, before + count, handle, didPart(author))
  if (before === 0) moveVersion(state, handle, authored.key(handle, didPart(author)), new Uint8Array())
}

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

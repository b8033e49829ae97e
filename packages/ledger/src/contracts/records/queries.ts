import type { Did, Handle, RecordDates, RecordId, Tag } from '@chiron/protocol'
import type { StateReader } from '../../state/reader.ts'
import type { RecordEntry } from './entry.ts'
import * as store from './state.ts'

/** A subject's view of a record: where the entry stands, and its tags and dates under that subject's key. */
export interface RecordSubject {
  readonly handle: Handle
  readonly index: number
  readonly category: Tag
  readonly labels: readonly Tag[]
  readonly dates: RecordDates | null
}

/** A version of a record. `entry` is the one in the first subject's list. Labels are the record's as they are now. */
export interface RecordVersion {
  readonly record: RecordId
  readonly version: number
  readonly author: Did
  /** Who authored the first version. */
  readonly firstAuthor: Did
  readonly flags: number
  readonly subjects: readonly RecordSubject[]
  readonly entry: RecordEntry
}

/** The newest version. */
export function recordHead(state: StateReader, record: RecordId): RecordVersion | undefined {
  const head = store.getHead(state, record)
  return head && versionAt(state, record, head.places, head.firstAuthor)
}

export function recordVersion(state: StateReader, record: RecordId, version: number): RecordVersion | undefined {
  const head = store.getHead(state, record)
  if (head === undefined || head.version === version) return head && versionAt(state, record, head.places, head.firstAuthor)
  const places = store.getPlaces(state, record, version)
  return places && versionAt(state, record, places, head.firstAuthor ?? authorAt(state, head.places))
}

/** Entries of a handle's list with their index, oldest first; in [from, to). */
export function recordsOf(state: StateReader, handle: Handle, from = 0, to?: number): Iterable<readonly [index: number, entry: RecordEntry]> {
  return store.listEntries(state, handle, from, to)
}

/** Labels of a record for a subject, as they are now. */
export function labelsOf(state: StateReader, handle: Handle, record: RecordId): readonly Tag[] {
  return store.getLabels(state, handle, record)
}

/** Who put them on: the authors, or the patient. */
export function labelSetsOf(state: StateReader, handle: Handle, record: RecordId): store.LabelSets {
  return store.getLabelSets(state, handle, record)
}

/** How many entries of the handle's list an organisation authored. */
export function authoredCount(state: StateReader, handle: Handle, organisation: Did): number {
  return store.getAuthored(state, handle, organisation)
}

/** Organisations that authored an entry of the handle's list. */
export function authorsOf(state: StateReader, handle: Handle): Did[] {
  return [...store.listAuthored(state, handle)].map(([did]) => did)
}

/** Handles in whose lists an organisation authored something, its own among them. Reads every pair of handle and author. */
export function handlesAuthoredBy(state: StateReader, organisation: Did): Handle[] {
  return [...store.listAllAuthored(state)].flatMap(([handle, author]) => (author === organisation ? [handle] : []))
}

/** `firstAuthor` null: the author of this version. */
function versionAt(state: StateReader, record: RecordId, places: store.Places, firstAuthor: Did | null): RecordVersion | undefined {
  const found = places.flatMap(([handle, index]) => {
    const entry = store.getEntry(state, handle, index)
    return entry === undefined ? [] : [{ entry, subject: { handle, index, category: entry.category, labels: store.getLabels(state, handle, record), dates: entry.dates } }]
  })
  const first = found[0]?.entry
  if (first === undefined || found.length !== places.length) return undefined
  const { version, author, flags } = first
  return { record, version, author, firstAuthor: firstAuthor ?? author, flags, subjects: found.map((f) => f.subject), entry: first }
}

function authorAt(state: StateReader, [place]: store.Places): Did | null {
  return (place && store.getEntry(state, place[0], place[1])?.author) ?? null
}

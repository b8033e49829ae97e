import { equalBytes, RecordFlag, toHex, type Did, type Handle, type RecordDates, type RecordEntryMessage, type Tag } from '@chiron/protocol'
import { ensure } from '../refusals.ts'
import { recordsErrors } from './errors.ts'
import { KNOWN_FLAGS, LASTING_FLAGS, MAX_LABELS } from './limits.ts'
import type { RecordsPorts } from './ports.ts'
import type { RecordVersion } from './queries.ts'

/** Category, labels and dates under the keys of one subject. */
export interface SubjectTags {
  readonly category: Tag
  readonly labels: readonly Tag[]
  readonly dates: RecordDates | null
}

/** As the port, at the state of the message. */
export type OwnerOf = (handle: Handle) => ReturnType<RecordsPorts['ownerOf']>

const isSet = (flags: number, flag: number): boolean => (flags & flag) !== 0

export function checkFlags(entry: RecordEntryMessage, head: RecordVersion | undefined): void {
  const { flags } = entry
  const scopes = [RecordFlag.identity, RecordFlag.directory, RecordFlag.internal].filter((flag) => isSet(flags, flag))
  const known = (flags & ~KNOWN_FLAGS) === 0 && flags <= KNOWN_FLAGS
  const lasting = head === undefined || (head.flags & LASTING_FLAGS) === (flags & LASTING_FLAGS)
  const first = head !== undefined || !isSet(flags, RecordFlag.tombstone)
  ensure(known && scopes.length <= 1 && lasting && first, recordsErrors.flagsNotAllowed)
}

/** Tags of each subject, in the order of the subjects. */
export function tagsOf(entry: RecordEntryMessage): SubjectTags[] {
  const { subjects, furtherTags = [] } = entry
  const distinct = subjects.length === 1 || new Set(subjects.map(toHex)).size === subjects.length
  ensure(distinct && furtherTags.length === subjects.length - 1, recordsErrors.subjectsNotDistinct)
  return [entry, ...furtherTags].map(({ category, labels, dates }) => ({ category, labels, dates: dates ?? null }))
}

/** A patient's record is about patients; what is in the directory or internal stands in the author's own list. */
export function checkSubjects(author: Did, entry: RecordEntryMessage, head: RecordVersion | undefined, ownerOf: OwnerOf): void {
  const own = isSet(entry.flags, RecordFlag.directory | RecordFlag.internal)
  for (const subject of entry.subjects) {
    const owner = ownerOf(subject)
    const fits = own ? owner?.kind === 'organisation' && owner.did === author : owner?.kind === 'patient'
    ensure(fits, recordsErrors.unknownSubject)
  }
  ensure(!own || (entry.subjects.length === 1 && entry.labels.length === 0), recordsErrors.labelsNotAllowed)
  ensure(!own || entry.dates === undefined, recordsErrors.datesNotAllowed)
  if (head === undefined) return
  const same = head.subjects.length === entry.subjects.length && head.subjects.every(({ handle }, i) => equalBytes(handle, entry.subjects[i] ?? new Uint8Array()))
  ensure(same, recordsErrors.subjectsChanged)
}

/** Both, ascending, each once. A version only adds; taking one away is `records.label`. */
export function joinLabels(before: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
  if (before.length === 0 && added.length === 0) return []
  const all = new Map([...before, ...added].map((label) => [toHex(label), label]))
  ensure(all.size <= MAX_LABELS, recordsErrors.labelsNotAllowed)
  return [...all.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, label]) => label)
}

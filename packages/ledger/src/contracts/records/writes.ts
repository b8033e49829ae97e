import { equalBytes, type Handle, type RecordEntryMessage } from '@chiron/protocol'
import type { RecordFacts } from '../../decide/types.ts'
import type { StateReader } from '../../state/reader.ts'
import { joinLabels, tagsOf } from './put-checks.ts'
import type { RecordVersion } from './queries.ts'
import { getLabels } from './state.ts'

/** What is decided before an entry is written: all of them must be permitted. */
export interface Write {
  readonly handle: Handle
  readonly record: RecordFacts
}

/**
 * The decisions that an entry needs: one for each subject, with the labels it will then have; two where it moves the
 * record to another category or to other dates, which must be allowed before and after.
 */
export function writesOf(state: StateReader, entry: RecordEntryMessage, head: RecordVersion | undefined): Write[] {
  return tagsOf(entry).flatMap(({ category, labels, dates }, i) => {
    const handle = entry.subjects[i] as Handle
    const after = { category, dates }
    const before = head?.subjects.find((s) => equalBytes(s.handle, handle)) ?? after
    const facts = {
      id: entry.record,
      state: head === undefined ? ('new' as const) : ('present' as const),
      author: head?.author ?? null,
      firstAuthor: head?.firstAuthor ?? null,
      // A record that is not there yet has no labels.
      labels: joinLabels(head === undefined ? [] : getLabels(state, handle, entry.record), labels),
      flags: entry.flags,
    }
    const places = isSamePlace(before, after) ? [after] : [before, after]
    return places.map(({ category, dates }) => ({ handle, record: { ...facts, category, dates } }))
  })
}

type Place = Pick<RecordFacts, 'category' | 'dates'>

function isSamePlace(a: Place, b: Place): boolean {
  return equalBytes(a.category, b.category) && a.dates?.from === b.dates?.from && a.dates?.until === b.dates?.until
}

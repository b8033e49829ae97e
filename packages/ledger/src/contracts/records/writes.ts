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
 * record to another category, which must be allowed in both.
 */
export function writesOf(state: StateReader, entry: RecordEntryMessage, head: RecordVersion | undefined): Write[] {
  const tags = tagsOf(entry)
  return entry.subjects.flatMap((handle, i) => {
    const { category, labels } = tags[i] ?? { category: entry.category, labels: [] }
    const before = head?.subjects.find((s) => equalBytes(s.handle, handle))?.category ?? category
    const facts = {
      id: entry.record,
      state: head === undefined ? ('new' as const) : ('present' as const),
      author: head?.author ?? null,
      // A record that is not there yet has no labels.
      labels: joinLabels(head === undefined ? [] : getLabels(state, handle, entry.record), labels),
      flags: entry.flags,
    }
    const categories = equalBytes(before, category) ? [category] : [before, category]
    return categories.map((tag) => ({ handle, record: { ...facts, category: tag } }))
  })
}

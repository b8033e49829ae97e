import type { Scenario } from './measure.ts'
import { oneOf, transactionOf, type Source } from './samples.ts'

/** A transaction bundle with a new patient and what belongs to them. Counts as answered well if every entry is. */
export function postTransaction(sources: readonly Source[], entries: number): Scenario {
  const large = sources.filter((source) => source.entries.length >= entries)
  return {
    name: `transaction of ${entries} entries`,
    next: () => ({ method: 'POST', path: '', body: transactionOf(oneOf(large), entries) }),
    isOk: ({ status, body }) => status === 200 && !/"status":\s*"[45]\d\d/.test(body),
  }
}

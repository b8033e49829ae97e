import type { Handle } from '@chiron/protocol'
import { consent, type StateReader } from '@chiron/ledger'

/** When the passing of time alone may change what is decided for a patient: the next beginning or end of a rule, in Unix milliseconds. */
export function nextBoundary(state: StateReader, patient: Handle, nowMs: number): number {
  let next = Number.MAX_SAFE_INTEGER
  for (const [, { terms }] of consent.ruleRecords(state, patient)) {
    for (const time of [terms.from, terms.until]) if (time !== null && time > nowMs) next = Math.min(next, time)
  }
  return next
}

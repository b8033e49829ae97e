import type { Handle } from '@chiron/protocol'
import { nextChange, type StateReader } from '@chiron/ledger'

/** When the passing of time alone may change what is decided for a patient, in Unix milliseconds. */
export function nextBoundary(state: StateReader, patient: Handle, nowMs: number): number {
  return nextChange(state, patient, nowMs) ?? Number.MAX_SAFE_INTEGER
}

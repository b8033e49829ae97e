import { InvariantError } from '../../runtime/errors.ts'
import type { StateReader } from '../../state/reader.ts'
import { isThresholdAllowed, receiptsNeeded } from './quorum.ts'
import { getCurrent, getLastSet, getSet, listLogs, listReceived } from './state.ts'

/** Sets are numbered without gaps and have allowed thresholds; batches that miss receipts have enough and not all. */
export function custodyInvariants(state: StateReader): void {
  const current = getCurrent(state)
  if (current === undefined) throw new InvariantError('custody: there is no set')
  for (let number = 1; number <= current; number++) {
    const set = getSet(state, number)
    if (set === undefined || !isThresholdAllowed(set.keyholders.length, set.threshold)) throw new InvariantError('custody: a set is missing or unsound')
  }
  for (const { set, received } of listReceived(state)) {
    const n = getSet(state, set)?.keyholders.length ?? 0
    if (received.length < receiptsNeeded(n) || received.length >= n) throw new InvariantError('custody: a batch has a wrong number of receipts')
  }
  for (const [did] of listLogs(state)) if (getLastSet(state, did) === undefined) throw new InvariantError('custody: a log of no keyholder')
}

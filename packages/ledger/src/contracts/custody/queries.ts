import type { Did, Keyholder } from '@chiron/protocol'
import type { StateReader } from '../../state/reader.ts'
import { receiptsNeeded } from './quorum.ts'
import * as store from './state.ts'

export interface CustodySet {
  /** From 1. */
  readonly number: number
  readonly keyholders: readonly Keyholder[]
  /** Shares that make a key. */
  readonly threshold: number
  /** Receipts that a write needs. */
  readonly receiptsNeeded: number
  readonly sinceMs: number
}

export function custodySet(state: StateReader, number: number): CustodySet | undefined {
  const record = store.getSet(state, number)
  return record && { number, ...record, receiptsNeeded: receiptsNeeded(record.keyholders.length) }
}

/** The set that new writes are dealt to. */
export function currentCustodySet(state: StateReader): CustodySet | undefined {
  const number = store.getCurrent(state)
  return number === undefined ? undefined : custodySet(state, number)
}

export interface ReleaseLogHead extends store.LogRecord {
  readonly keyholder: Did
}

/** What a keyholder last committed to. */
export function releaseLog(state: StateReader, keyholder: Did): ReleaseLogHead | undefined {
  const record = store.getLog(state, keyholder)
  return record && { keyholder, ...record }
}

/** Committed batches that miss receipts, for repair: the indexes of the keyholders that have signed. */
export function incompleteBatches(state: StateReader): Iterable<{ readonly set: number; readonly root: Uint8Array; readonly received: readonly number[] }> {
  return store.listReceived(state)
}

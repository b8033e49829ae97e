import * as v from 'valibot'
import { appHash, decodeCanonical, encodeCanonical, schema, type AppState } from '@chiron/protocol'
import { rangeRoot } from './compact-range.ts'
import { HEAD_KEY } from './keys.ts'
import type { KeyValueReader, KeyValueWrite } from './store.ts'

const stateHead = v.strictObject({
  chainId: v.string(),
  height: schema.uint,
  timeMs: schema.timeMs,
  stateRoot: schema.hash32,
  /** Frontier of the transaction log. */
  log: v.strictObject({ size: schema.uint, peaks: v.array(schema.hash32) }),
  /** Transactions in the log, which has other leaves too. */
  txs: schema.uint,
  /** Next position in the sequence of entries. */
  entries: schema.uint,
  /** Next number of a list. */
  lists: schema.uint,
})

/** Where the state stands after its newest block; height 0 is genesis. Stored in `meta`. SPEC-STATE-3. */
export type StateHead = v.InferOutput<typeof stateHead>

/** The newest block's head, or undefined before genesis. */
export function readHead(reader: KeyValueReader): StateHead | undefined {
  const bytes = reader.get('meta', HEAD_KEY)
  return bytes && decodeCanonical(stateHead, bytes)
}

export function headWrite(head: StateHead): KeyValueWrite {
  return { space: 'meta', key: HEAD_KEY, value: encodeCanonical(head) }
}

/** The roots under the app hash. */
export function appStateOf(head: StateHead): AppState {
  return { stateRoot: head.stateRoot, logRoot: rangeRoot(head.log), logSize: head.log.size }
}

/** The app hash of the newest block. */
export function appHashOf(head: StateHead): Uint8Array {
  return appHash(appStateOf(head))
}

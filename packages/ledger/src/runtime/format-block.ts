import { compareBytes, type AppState } from '@chiron/protocol'
import { appStateOf, headWrite, type StateHead } from '../state/head.ts'
import { appendToLog, stateLeaf } from '../state/log.ts'
import { appendToLists } from '../state/lists.ts'
import type { Overlay } from '../state/overlay.ts'
import type { KeyValueReader, KeyValueWrite, Space } from '../state/store.ts'
import { treeChange, updateTree } from '../state/tree.ts'
import type { BlockContext } from './contract.ts'

/** Turns a block's buffered state and its transactions' leaves into writes and roots. Pure. */
export function formatBlock(
  reader: KeyValueReader,
  previous: StateHead,
  block: BlockContext,
  state: Overlay,
  leaves: readonly Uint8Array[],
): { readonly app: AppState; readonly writes: readonly KeyValueWrite[] } {
  const lists = appendToLists(reader, state.appends(), { entries: previous.entries, lists: previous.lists })
  const facts = [...state.changedFacts(), ...lists.heads]
  const tree = facts.length === 0 ? undefined : updateTree(reader, facts.map(([key, value]) => treeChange(key, value)))
  const stateRoot = tree?.root ?? previous.stateRoot
  const isEmpty = leaves.length === 0 && facts.length === 0
  const log = appendToLog(previous.log, isEmpty ? [] : [...leaves, stateLeaf({ height: block.height, timeMs: block.timeMs, stateRoot })])
  const head: StateHead = {
    chainId: block.chainId,
    height: block.height,
    timeMs: block.timeMs,
    stateRoot,
    log: { size: log.frontier.size, peaks: [...log.frontier.peaks] },
    txs: previous.txs + leaves.length,
    ...lists.counters,
  }
  const writes: KeyValueWrite[] = [
    ...toWrites('facts', facts),
    ...toWrites('flat', state.changedFlats()),
    ...lists.writes,
    ...(tree?.writes ?? []),
    ...log.writes,
    headWrite(head),
  ]
  return { app: appStateOf(head), writes: writes.sort(bySpaceAndKey) }
}

function toWrites(space: Space, pairs: readonly (readonly [Uint8Array, Uint8Array | null])[]): KeyValueWrite[] {
  return pairs.map(([key, value]) => ({ space, key, value }))
}

function bySpaceAndKey(a: KeyValueWrite, b: KeyValueWrite): number {
  if (a.space !== b.space) return a.space < b.space ? -1 : 1
  return compareBytes(a.key, b.key)
}

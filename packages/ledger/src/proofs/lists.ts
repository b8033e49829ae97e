import { equalBytes, leafHash, nodeHash, type Handle } from '@chiron/protocol'
import { appendHashes, EMPTY_RANGE, peakOver, peaksOf, type CompactRange } from '../state/compact-range.ts'
import { listKey } from '../state/keys.ts'
import { encodeListHead } from '../state/lists.ts'
import type { ListKind } from '../state/reader.ts'
import type { TreeLeaf } from '../state/tree-page.ts'
import { verifyAbsence, verifyMembership } from './facts.ts'

/** Whether `head` is the head of the handle's list under `stateRoot`. SPEC-PROOF-5. */
export function verifyListHead(stateRoot: Uint8Array, kind: ListKind, handle: Handle, head: CompactRange, siblings: readonly Uint8Array[]): boolean {
  return verifyMembership(stateRoot, listKey(kind, handle), encodeListHead(head), siblings)
}

/** Whether `entry` is at `index` of the list that has this head; `path` leads to the peak over it. SPEC-PROOF-6. */
export function verifyEntry(head: CompactRange, index: number, entry: Uint8Array, path: readonly Uint8Array[]): boolean {
  const peak = peakOver(head.size, index)
  if (peak === undefined || head.peaks.length !== peaksOf(head.size).length || path.length !== peak.level) return false
  let hash = leafHash(entry)
  let at = index - peak.start
  for (const sibling of path) {
    hash = at % 2 === 0 ? nodeHash(hash, sibling) : nodeHash(sibling, hash)
    at = Math.floor(at / 2)
  }
  return equalBytes(hash, head.peaks[peak.position] as Uint8Array)
}

/**
 * Whether `entries` are all entries of the handle's list under `stateRoot`: their recomputed head is the fact, or there
 * are none and the fact is absent, with `leaf` as in {@link verifyAbsence}. SPEC-PROOF-7.
 */
export function verifyWholeList(
  stateRoot: Uint8Array,
  kind: ListKind,
  handle: Handle,
  entries: readonly Uint8Array[],
  siblings: readonly Uint8Array[],
  leaf: TreeLeaf | null,
): boolean {
  if (entries.length === 0) return verifyAbsence(stateRoot, listKey(kind, handle), siblings, leaf)
  return leaf === null && verifyListHead(stateRoot, kind, handle, appendHashes(EMPTY_RANGE, entries.map(leafHash)), siblings)
}

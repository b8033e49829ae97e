import * as v from 'valibot'
import { decodeCanonical, EMPTY_ROOT, encodeCanonical, equalBytes, leafHash, nodeHash, schema, type TxId } from '@chiron/protocol'
import { InvariantError } from '../runtime/errors.ts'
import { appendHashes, type CompactRange } from './compact-range.ts'
import { logKey } from './keys.ts'
import type { KeyValueReader, KeyValueWrite } from './store.ts'

/** An array of three, a byte string of 32: where the txId in a leaf ends. */
const TX_ID_END = 35
const STATE_LEAF = 'chiron/state/v1'

/** What the last leaf of a block says: the facts' root after it. */
export interface StateLeaf {
  readonly height: number
  readonly timeMs: number
  readonly stateRoot: Uint8Array
}

const leafShape = v.union([
  v.pipe(
    v.tuple([v.literal(STATE_LEAF), schema.uint, schema.timeMs, schema.hash32]),
    v.transform(([, height, timeMs, stateRoot]) => ({ kind: 'state' as const, height, timeMs, stateRoot })),
  ),
  v.pipe(
    v.tuple([schema.hash32, v.string(), schema.uint]),
    v.transform(([txId, codespace, code]) => ({ kind: 'tx' as const, txId: txId as TxId, codespace, code })),
  ),
])

/** What a leaf of the log says. */
export type LogLeaf = v.InferOutput<typeof leafShape>

/** Reads a leaf that {@link logLeaf} or {@link stateLeaf} wrote, and nothing else. @throws ProtocolError */
export function decodeLogLeaf(bytes: Uint8Array): LogLeaf {
  return decodeCanonical(leafShape, bytes)
}

/** Leaf of the transaction log: canonical CBOR of [txId, codespace, code]. SPEC-TXLOG-1. */
export function logLeaf(txId: TxId, codespace: string, code: number): Uint8Array {
  return encodeCanonical([txId, codespace, code])
}

/**
 * Last leaf of a block that has a transaction or changes a fact: canonical CBOR of [`chiron/state/v1`, height, timeMs,
 * stateRoot]. So whoever pins the log pins the facts too; a transaction's leaf begins with bytes, never with text.
 * SPEC-TXLOG-3.
 */
export function stateLeaf(state: StateLeaf): Uint8Array {
  return encodeCanonical([STATE_LEAF, state.height, state.timeMs, state.stateRoot])
}

/** Appends leaves and returns the new frontier, the leaves and every hash that became final. SPEC-TXLOG-2. */
export function appendToLog(frontier: CompactRange, leaves: readonly Uint8Array[]): { readonly frontier: CompactRange; readonly writes: KeyValueWrite[] } {
  const writes: KeyValueWrite[] = leaves.map((leaf, i) => ({ space: 'log', key: logKey(0, frontier.size + i), value: leaf }))
  const grown = appendHashes(frontier, leaves.map(leafHash), (level, index, hash) => {
    writes.push({ space: 'log', key: logKey(level, index), value: hash })
  })
  return { frontier: grown, writes }
}

/** The leaf at `index`, if the log has it. */
export function readLogLeaf(reader: KeyValueReader, index: number): Uint8Array | undefined {
  return reader.get('log', logKey(0, index))
}

/** Place of a transaction's leaf among leaves [from, to), by one ordered read. */
export function findLogLeaf(reader: KeyValueReader, txId: TxId, from: number, to: number): number | undefined {
  const beginning = logLeaf(txId, '', 0).subarray(0, TX_ID_END)
  let at = from
  for (const [, leaf] of reader.range('log', logKey(0, from), logKey(0, to))) {
    if (equalBytes(leaf.subarray(0, TX_ID_END), beginning)) return at
    at++
  }
  return undefined
}

/** Inclusion path of leaf `index` in the log's first `size` leaves, in O(log n) reads. RFC 9162 §2.1.3.1. Needs index < size. */
export function logInclusionPath(reader: KeyValueReader, index: number, size: number): Uint8Array[] {
  const path: Uint8Array[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitPoint(end - start)
    if (index < middle) {
      path.push(rangeHash(reader, middle, end))
      end = middle
    } else {
      path.push(rangeHash(reader, start, middle))
      start = middle
    }
  }
  return path.reverse()
}

/** Proof that the first `first` leaves are a prefix of the first `second`. RFC 9162 §2.1.4.1. Needs 1 ≤ first ≤ second. */
export function logConsistencyPath(reader: KeyValueReader, first: number, second: number): Uint8Array[] {
  const path: Uint8Array[] = []
  let start = 0
  let end = second
  while (first < end) {
    const middle = start + splitPoint(end - start)
    if (first <= middle) {
      path.push(rangeHash(reader, middle, end))
      end = middle
    } else {
      path.push(rangeHash(reader, start, middle))
      start = middle
    }
  }
  // The verifier has the old root already when that is where the descent ends.
  if (start > 0) path.push(rangeHash(reader, start, end))
  return path.reverse()
}

/** The root that the log had when it held `size` leaves, in O(log n) reads. */
export function logRootAt(reader: KeyValueReader, size: number): Uint8Array {
  return size === 0 ? EMPTY_ROOT : rangeHash(reader, 0, size)
}

/** Root over leaves [start, end), where start is a multiple of the least power of two that is not less than end − start. */
function rangeHash(reader: KeyValueReader, start: number, end: number): Uint8Array {
  const width = end - start
  const half = splitPoint(width)
  if (width === 1 || half * 2 === width) return storedHash(reader, start, width)
  return nodeHash(rangeHash(reader, start, start + half), rangeHash(reader, start + half, end))
}

function storedHash(reader: KeyValueReader, start: number, width: number): Uint8Array {
  let level = 0
  for (let rest = width; rest > 1; rest /= 2) level++
  const stored = reader.get('log', logKey(level, start / width))
  if (stored === undefined) throw new InvariantError('the transaction log lacks a hash')
  return level === 0 ? leafHash(stored) : stored
}

/** The largest power of two that is less than `n` (n ≥ 2); 1 for n = 1. */
function splitPoint(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

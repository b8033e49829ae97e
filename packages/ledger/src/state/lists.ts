import * as v from 'valibot'
import { concatBytes, decodeCanonical, encodeCanonical, leafHash, nodeHash, schema, type Handle } from '@chiron/protocol'
import { InvariantError } from '../runtime/errors.ts'
import { appendHashes, EMPTY_RANGE, peakOver, type CompactRange, type Peak } from './compact-range.ts'
import { readU32, readU64, u32, u64 } from './integers.ts'
import { entryKey, listKey, runKey } from './keys.ts'
import type { ListKind } from './reader.ts'
import type { KeyValueReader, KeyValueWrite } from './store.ts'

const MAX_ENTRIES = 0xffff_ffff

/** Value of a list's head fact: its size and the peaks of its RFC 9162 tree, largest first. SPEC-LIST-1. */
export const listHead = v.strictObject({ size: schema.uint, peaks: v.array(schema.hash32) })

export function encodeListHead(head: CompactRange): Uint8Array {
  return encodeCanonical({ size: head.size, peaks: head.peaks })
}

/** @throws ProtocolError as `decodeCanonical` */
export function decodeListHead(bytes: Uint8Array): CompactRange {
  return decodeCanonical(listHead, bytes)
}

/** Entries that a block adds to one list. */
export interface ListAppend {
  readonly kind: ListKind
  readonly handle: Handle
  readonly entries: readonly Uint8Array[]
}

/** Next position in the sequence of entries, and next list number. */
export interface ListCounters {
  readonly entries: number
  readonly lists: number
}

/** The list's head; a list without entries has no fact. */
export function readListHead(reader: KeyValueReader, kind: ListKind, handle: Handle): CompactRange {
  return headAt(reader, listKey(kind, handle))
}

/** Decoded heads, for as long as a store keeps their bytes. */
const decodedHeads = new WeakMap<Uint8Array, CompactRange>()

function headAt(reader: KeyValueReader, key: Uint8Array): CompactRange {
  const bytes = reader.get('facts', key)
  if (bytes === undefined) return EMPTY_RANGE
  let head = decodedHeads.get(bytes)
  if (head === undefined) decodedHeads.set(bytes, (head = decodeListHead(bytes)))
  return head
}

/** Entries [from, to) of a list, oldest first. Bounds beyond the list are cut. */
export function* readEntries(reader: KeyValueReader, kind: ListKind, handle: Handle, from: number, to: number): Generator<Uint8Array> {
  const list = readListNumber(reader, kind, handle)
  if (list === undefined) return
  for (let index = from; index < to; ) {
    const run = lastRun(reader, list, index)
    if (run === undefined || index >= run.start + run.count) return
    const sequence = run.sequence + (index - run.start)
    const count = Math.min(to, run.start + run.count) - index
    for (const [, entry] of reader.range('entries', entryKey(sequence), entryKey(sequence + count))) yield entry
    index += count
  }
}

/**
 * Formats appends as writes: entries in one sequence, a run per list, and the new list heads, which the caller makes
 * facts. Lists take numbers in the order given.
 * @throws InvariantError beyond 2^32 − 1 entries in a list
 */
export function appendToLists(
  reader: KeyValueReader,
  appends: readonly ListAppend[],
  counters: ListCounters,
): { readonly counters: ListCounters; readonly heads: readonly (readonly [key: Uint8Array, value: Uint8Array])[]; readonly writes: KeyValueWrite[] } {
  let { entries, lists } = counters
  const writes: KeyValueWrite[] = []
  const heads: [Uint8Array, Uint8Array][] = []
  for (const { kind, handle, entries: added } of appends) {
    const key = listKey(kind, handle)
    const head = headAt(reader, key)
    if (head.size + added.length > MAX_ENTRIES) throw new InvariantError('a list is full')
    let list = head.size === 0 ? undefined : readListNumber(reader, kind, handle)
    if (list === undefined) {
      list = lists++
      writes.push({ space: 'flat', key, value: u32(list) })
    }
    writes.push({ space: 'runs', key: runKey(list, head.size), value: concatBytes(u64(entries), u32(added.length)) })
    for (const entry of added) writes.push({ space: 'entries', key: entryKey(entries++), value: entry })
    const grown = appendHashes(head, added.map(leafHash))
    const value = encodeListHead(grown)
    decodedHeads.set(value, grown)
    heads.push([key, value])
  }
  return { counters: { entries, lists }, heads, writes }
}

/** Path of entry `index` to the peak over it, from the leaf up. Hashes the entries under that peak. Needs index < size. */
export function entryPath(reader: KeyValueReader, kind: ListKind, handle: Handle, index: number, size: number): Uint8Array[] {
  return entryPaths(reader, kind, handle, size)(index)
}

/** As {@link entryPath}, for many entries of one list: what is under a peak is hashed once, and kept as long as the function. */
export function entryPaths(reader: KeyValueReader, kind: ListKind, handle: Handle, size: number): (index: number) => Uint8Array[] {
  const trees = new Map<number, readonly (readonly Uint8Array[])[]>()
  const treeUnder = ({ start, level }: Peak): readonly (readonly Uint8Array[])[] => {
    const known = trees.get(start)
    if (known !== undefined) return known
    const levels = [[...readEntries(reader, kind, handle, start, start + 2 ** level)].map(leafHash)]
    for (let below = levels[0] as Uint8Array[]; below.length > 1; levels.push(below)) {
      const children = below
      below = children.flatMap((hash, i) => (i % 2 === 0 ? [nodeHash(hash, children[i + 1] as Uint8Array)] : []))
    }
    trees.set(start, levels)
    return levels
  }
  return (index) => {
    const peak = peakOver(size, index)
    if (peak === undefined) throw new InvariantError('no such entry')
    let at = index - peak.start
    return treeUnder(peak).slice(0, -1).map((hashes) => {
      const sibling = hashes[at % 2 === 0 ? at + 1 : at - 1] as Uint8Array
      at = Math.floor(at / 2)
      return sibling
    })
  }
}

interface Run {
  readonly start: number
  readonly sequence: number
  readonly count: number
}

/** The run with the greatest start up to `index`. */
function lastRun(reader: KeyValueReader, list: number, index: number): Run | undefined {
  const upTo = index < MAX_ENTRIES ? runKey(list, index + 1) : runKey(list + 1, 0)
  for (const [key, value] of reader.range('runs', runKey(list, 0), upTo, { reverse: true, limit: 1 })) {
    return { start: readU32(key, 4), sequence: readU64(value, 0), count: readU32(value, 8) }
  }
  return undefined
}

function readListNumber(reader: KeyValueReader, kind: ListKind, handle: Handle): number | undefined {
  const bytes = reader.get('flat', listKey(kind, handle))
  return bytes && readU32(bytes, 0)
}

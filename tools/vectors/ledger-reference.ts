/**
 * The state's commitments a second time, from the text of `spec/` alone and on other parts, so that vectors are not what
 * the package says about itself.
 */
import { encode } from '@ipld/dag-cbor'
import { sha256, treePath, treeRoot, u64 } from './protocol-reference.ts'

export type Fact = readonly [key: Uint8Array, value: Uint8Array]

export interface Leaf {
  readonly keyHash: Uint8Array
  readonly valueHash: Uint8Array
}

export const leavesOf = (facts: readonly Fact[]): Leaf[] => facts.map(([key, value]) => ({ keyHash: sha256(key), valueHash: sha256(value) }))

const bitAt = (bytes: Uint8Array, at: number): boolean => (((bytes[at >> 3] ?? 0) >> (7 - (at % 8))) & 1) === 1

/** Root of the sparse tree: the definition, bit by bit. */
export function factRoot(leaves: readonly Leaf[], depth = 0): Uint8Array {
  const [only] = leaves
  if (only === undefined) return new Uint8Array(32)
  if (leaves.length === 1) return sha256(Buffer.of(0), only.keyHash, only.valueHash)
  const [left, right] = halves(leaves, depth)
  return sha256(Buffer.of(1), factRoot(left, depth + 1), factRoot(right, depth + 1))
}

export interface FactPath {
  readonly siblings: readonly Uint8Array[]
  /** The leaf where the way ends, if it ends at one. */
  readonly leaf: Leaf | undefined
}

/** The hashes beside the way to a key, topmost first. */
export function factPath(leaves: readonly Leaf[], key: Uint8Array): FactPath {
  const keyHash = sha256(key)
  const siblings: Uint8Array[] = []
  let rest = leaves
  for (let depth = 0; rest.length > 1; depth++) {
    const [left, right] = halves(rest, depth)
    siblings.push(factRoot(bitAt(keyHash, depth) ? left : right, depth + 1))
    rest = bitAt(keyHash, depth) ? right : left
  }
  return { siblings, leaf: rest[0] }
}

function halves(leaves: readonly Leaf[], depth: number): readonly [Leaf[], Leaf[]] {
  return [leaves.filter(({ keyHash }) => !bitAt(keyHash, depth)), leaves.filter(({ keyHash }) => bitAt(keyHash, depth))]
}

export type List = 'records' | 'accesses'

export const listKey = (list: List, handle: Uint8Array): Uint8Array => Buffer.concat([Buffer.of(0, 1, list === 'records' ? 1 : 2), handle])

/** The complete subtrees of a list, largest first, as its entries. */
export function peakEntries(entries: readonly Uint8Array[]): (readonly Uint8Array[])[] {
  if (entries.length === 0) return []
  let width = 1
  while (width * 2 <= entries.length) width *= 2
  return [entries.slice(0, width), ...peakEntries(entries.slice(width))]
}

export const listHead = (entries: readonly Uint8Array[]) => ({ size: entries.length, peaks: peakEntries(entries).map(treeRoot) })

/** A list's head as a fact; a list without entries has none. */
export function headFact(list: List, handle: Uint8Array, entries: readonly Uint8Array[]): Fact[] {
  return entries.length === 0 ? [] : [[listKey(list, handle), encode(listHead(entries))]]
}

/** The path of an entry to the peak over it. */
export function entryPath(entries: readonly Uint8Array[], index: number): Uint8Array[] {
  let start = 0
  for (const peak of peakEntries(entries)) {
    if (index < start + peak.length) return treePath(peak, index - start)
    start += peak.length
  }
  throw new RangeError('no such entry')
}

export const logLeaf = (txId: Uint8Array, codespace: string, code: number): Uint8Array => encode([txId, codespace, code])

export const stateLeaf = (height: number, timeMs: number, stateRoot: Uint8Array): Uint8Array => encode(['chiron/state/v1', height, timeMs, stateRoot])

export function appHashOf(app: { readonly stateRoot: Uint8Array; readonly logRoot: Uint8Array; readonly logSize: number }): Uint8Array {
  return sha256(Buffer.from('chiron/app/v1', 'ascii'), app.stateRoot, app.logRoot, u64(app.logSize))
}

import { compareBytes, equalBytes, sha256 } from '@chiron/protocol'
import type { KeyValueReader, KeyValueWrite } from './store.ts'
import { decodePage, encodePage, isLeaf, Page, pageKey, slotAt, subtreeHash, type Subtree, type TreeLeaf } from './tree-page.ts'

/** What becomes of a fact; `valueHash` null takes it away. */
export interface TreeChange {
  readonly keyHash: Uint8Array
  readonly valueHash: Uint8Array | null
}

/** The change that a fact's new value (null: none) makes to the tree. */
export function treeChange(key: Uint8Array, value: Uint8Array | null): TreeChange {
  return { keyHash: sha256(key), valueHash: value === null ? null : sha256(value) }
}

/**
 * Applies a block's changes, at most one per key, in one descent, and returns the new root and the pages to write.
 * Sparse Merkle tree over SHA-256(key) in the layout of Jellyfish: a subtree without leaves hashes to zeros, one with
 * a single leaf to that leaf, so that the root depends on the facts and not on how they came about. SPEC-TREE-4.
 */
export function updateTree(reader: KeyValueReader, changes: readonly TreeChange[]): { readonly root: Uint8Array; readonly writes: KeyValueWrite[] } {
  const sorted = [...changes].sort((a, b) => compareBytes(a.keyHash, b.keyHash))
  const writes: KeyValueWrite[] = []
  const root = updatePage(reader, sorted, { depth: 0, path: new Uint8Array(32), exists: true }, writes)
  return { root: subtreeHash(root), writes }
}

/** The root of the stored tree. */
export function treeRoot(reader: KeyValueReader): Uint8Array {
  const page = readPage(reader, new Uint8Array(32), 0)
  return subtreeHash(page?.fold())
}

export function readPage(reader: KeyValueReader, path: Uint8Array, depth: number): Page | undefined {
  const bytes = reader.get('tree', pageKey(path, depth))
  if (bytes === undefined) return undefined
  let page = pages.get(bytes)
  if (page === undefined) pages.set(bytes, (page = decodePage(bytes)))
  return page
}

/** Decoded pages with the hashes that are known of them, for as long as a store keeps their bytes. Never changed: copied. */
const pages = new WeakMap<Uint8Array, Page>()

interface PagePosition {
  readonly depth: number
  /** A key hash below this page. */
  readonly path: Uint8Array
  /** Whether the page may be stored already. */
  readonly exists: boolean
}

function updatePage(reader: KeyValueReader, changes: readonly TreeChange[], at: PagePosition, writes: KeyValueWrite[]): Subtree {
  const stored = at.exists ? readPage(reader, at.path, at.depth) : undefined
  const page = stored?.copy() ?? new Page()
  for (let from = 0; from < changes.length; ) {
    const slot = slotAt((changes[from] as TreeChange).keyHash, at.depth)
    let to = from + 1
    while (to < changes.length && slotAt((changes[to] as TreeChange).keyHash, at.depth) === slot) to++
    page.setSlot(slot, updateSlot(reader, page.slot(slot), changes.slice(from, to), at.depth + 1, writes))
    from = to
  }
  const subtree = page.fold()
  // A page with fewer than two leaves lies inline in the page above; the root has none above it.
  const kept = subtree !== undefined && (at.depth === 0 || !isLeaf(subtree))
  if (kept) {
    const value = encodePage(page)
    pages.set(value, page)
    writes.push({ space: 'tree', key: pageKey(at.path, at.depth), value })
  } else if (stored) {
    writes.push({ space: 'tree', key: pageKey(at.path, at.depth), value: null })
  }
  return subtree
}

function updateSlot(reader: KeyValueReader, subtree: Subtree, changes: readonly TreeChange[], depth: number, writes: KeyValueWrite[]): Subtree {
  const path = (changes[0] as TreeChange).keyHash
  if (subtree !== undefined && !isLeaf(subtree)) return updatePage(reader, changes, { depth, path, exists: true }, writes)
  const leaves = mergeLeaf(subtree, changes)
  if (leaves.length < 2) return leaves[0]
  return updatePage(reader, leaves, { depth, path, exists: false }, writes)
}

/** What is left of a slot's one leaf (or none) after the changes, in the order of key hashes. */
function mergeLeaf(leaf: TreeLeaf | undefined, changes: readonly TreeChange[]): TreeLeaf[] {
  const leaves = changes.filter((change): change is TreeLeaf => change.valueHash !== null)
  if (leaf === undefined || changes.some((change) => equalBytes(change.keyHash, leaf.keyHash))) return leaves
  const at = leaves.findIndex((other) => compareBytes(other.keyHash, leaf.keyHash) > 0)
  return at < 0 ? [...leaves, leaf] : [...leaves.slice(0, at), leaf, ...leaves.slice(at)]
}

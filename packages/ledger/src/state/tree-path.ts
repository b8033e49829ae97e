import { equalBytes } from '@chiron/protocol'
import type { KeyValueReader } from './store.ts'
import { readPage } from './tree.ts'
import { isLeaf, slotAt, subtreeHash, type Subtree, type TreeLeaf } from './tree-page.ts'

/** Where the way from the root towards a key hash ends, and the hashes beside that way, topmost first. */
export interface TreePath {
  readonly siblings: Uint8Array[]
  /** The leaf at the end, which may be another key's; undefined for an empty subtree. */
  readonly leaf: TreeLeaf | undefined
}

/** Walks the stored tree towards `keyHash`: one page read for every four siblings. */
export function treePath(reader: KeyValueReader, keyHash: Uint8Array): TreePath {
  const siblings: Uint8Array[] = []
  for (let depth = 0; depth < 64; depth++) {
    const page = readPage(reader, keyHash, depth)
    if (page === undefined) break
    const slot = slotAt(keyHash, depth)
    let from = 0
    let subtree: Subtree = page.fold()
    for (let half = 8; half >= 1 && subtree !== undefined && !isLeaf(subtree); half /= 2) {
      const right = slot >= from + half
      siblings.push(subtreeHash(page.fold(right ? from : from + half, half)))
      if (right) from += half
      subtree = page.fold(from, half)
    }
    if (subtree === undefined || isLeaf(subtree)) return { siblings, leaf: subtree }
  }
  return { siblings, leaf: undefined }
}

/** Whether a path ends at the leaf of `keyHash` itself. */
export function endsAt(path: TreePath, keyHash: Uint8Array): boolean {
  return path.leaf !== undefined && equalBytes(path.leaf.keyHash, keyHash)
}

import { treeLeafHash, treeNodeHash, type TreeLeaf } from '../src/state/tree-page.ts'

/** The definition of the tree's root, bit by bit, with nothing stored. */
export function naiveTreeRoot(leaves: readonly TreeLeaf[], depth = 0): Uint8Array {
  if (leaves.length === 0) return new Uint8Array(32)
  if (leaves.length === 1) return treeLeafHash(leaves[0] as TreeLeaf)
  const bit = (leaf: TreeLeaf): number => ((leaf.keyHash[depth >> 3] as number) >> (7 - (depth % 8))) & 1
  return treeNodeHash(
    naiveTreeRoot(leaves.filter((leaf) => bit(leaf) === 0), depth + 1),
    naiveTreeRoot(leaves.filter((leaf) => bit(leaf) === 1), depth + 1),
  )
}

import { concatBytes, sha256 } from '@chiron/protocol'

/** Hash of an empty subtree: 32 zero bytes. SPEC-TREE-1. */
export const EMPTY_SUBTREE = new Uint8Array(32)

const LEAF = Uint8Array.of(0)
const INNER = Uint8Array.of(1)

/** A fact in the tree: SHA-256 of its key and of its value. */
export interface TreeLeaf {
  readonly keyHash: Uint8Array
  readonly valueHash: Uint8Array
}

/** A subtree with two leaves or more, known by its hash. */
export interface TreeInner {
  readonly hash: Uint8Array
}

/** A subtree: one without leaves is undefined, one with a single leaf is that leaf, whatever its height. */
export type Subtree = TreeLeaf | TreeInner | undefined

/** Four levels of the tree: the 16 subtrees below them, in the order of the next four bits of the key hash. */
export type Page = Subtree[]

export function isLeaf(subtree: Subtree): subtree is TreeLeaf {
  return subtree !== undefined && 'keyHash' in subtree
}

/** SHA-256(0x00 ‖ keyHash ‖ valueHash). SPEC-TREE-2. */
export function treeLeafHash(leaf: TreeLeaf): Uint8Array {
  return sha256(concatBytes(LEAF, leaf.keyHash, leaf.valueHash))
}

/** SHA-256(0x01 ‖ left ‖ right). SPEC-TREE-3. */
export function treeNodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concatBytes(INNER, left, right))
}

export function subtreeHash(subtree: Subtree): Uint8Array {
  if (subtree === undefined) return EMPTY_SUBTREE
  return isLeaf(subtree) ? treeLeafHash(subtree) : subtree.hash
}

/** The subtree over `width` slots of a page, beginning with slot `from`. */
export function foldSlots(page: Page, from = 0, width = 16): Subtree {
  if (width === 1) return page[from]
  const half = width / 2
  const left = foldSlots(page, from, half)
  const right = foldSlots(page, from + half, half)
  if (left === undefined && (right === undefined || isLeaf(right))) return right
  if (right === undefined && isLeaf(left)) return left
  return { hash: treeNodeHash(subtreeHash(left), subtreeHash(right)) }
}

/** Four bits of a key hash, `depth` times four bits down. */
export function slotAt(keyHash: Uint8Array, depth: number): number {
  const byte = keyHash[depth >>> 1] as number
  return depth % 2 === 0 ? byte >>> 4 : byte & 15
}

/** tree: depth in pages (1) ‖ the bits above the page, padded with zeros to whole bytes. SPEC-TREE-5. */
export function pageKey(keyHash: Uint8Array, depth: number): Uint8Array {
  const length = (depth + 1) >>> 1
  const key = new Uint8Array(1 + length)
  key[0] = depth
  key.set(keyHash.subarray(0, length), 1)
  if (depth % 2 === 1) key[length] = (key[length] as number) & 0xf0
  return key
}

/** Which slots hold leaves (u16) and inner subtrees (u16), then per slot 64 bytes (key hash, value hash) or 32 (hash). SPEC-TREE-6. */
export function encodePage(page: Page): Uint8Array {
  let leaves = 0
  let inners = 0
  const parts: Uint8Array[] = [new Uint8Array(4)]
  for (let slot = 0; slot < 16; slot++) {
    const subtree = page[slot]
    if (subtree === undefined) continue
    if (isLeaf(subtree)) {
      leaves |= 1 << slot
      parts.push(subtree.keyHash, subtree.valueHash)
    } else {
      inners |= 1 << slot
      parts.push(subtree.hash)
    }
  }
  const view = new DataView((parts[0] as Uint8Array).buffer)
  view.setUint16(0, leaves)
  view.setUint16(2, inners)
  return concatBytes(...parts)
}

/** Reads what {@link encodePage} wrote; the slots are views into `bytes`. */
export function decodePage(bytes: Uint8Array): Page {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const leaves = view.getUint16(0)
  const inners = view.getUint16(2)
  const page: Page = new Array<Subtree>(16).fill(undefined)
  let at = 4
  for (let slot = 0; slot < 16; slot++) {
    if (leaves & (1 << slot)) {
      page[slot] = { keyHash: bytes.subarray(at, at + 32), valueHash: bytes.subarray(at + 32, at + 64) }
      at += 64
    } else if (inners & (1 << slot)) {
      page[slot] = { hash: bytes.subarray(at, at + 32) }
      at += 32
    }
  }
  return page
}

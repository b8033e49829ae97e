import { sha256 } from '@chiron/protocol'

/** Hash of an empty subtree: 32 zero bytes. SPEC-TREE-1. */
export const EMPTY_SUBTREE = new Uint8Array(32)

/** Input of the two hashes below, filled anew by each call and read by no other. */
const hashed = new Uint8Array(65)

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


export function isLeaf(subtree: Subtree): subtree is TreeLeaf {
  return subtree !== undefined && 'keyHash' in subtree
}

/** SHA-256(0x00 ‖ keyHash ‖ valueHash). SPEC-TREE-2. */
export function treeLeafHash(leaf: TreeLeaf): Uint8Array {
  return hashOf(0, leaf.keyHash, leaf.valueHash)
}

/** SHA-256(0x01 ‖ left ‖ right). SPEC-TREE-3. */
export function treeNodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hashOf(1, left, right)
}

function hashOf(first: number, left: Uint8Array, right: Uint8Array): Uint8Array {
  hashed[0] = first
  hashed.set(left, 1)
  hashed.set(right, 33)
  return sha256(hashed)
}

/** Hashes of leaves that lie in pages which are kept. */
const leafHashes = new WeakMap<TreeLeaf, Uint8Array>()

export function subtreeHash(subtree: Subtree): Uint8Array {
  if (subtree === undefined) return EMPTY_SUBTREE
  if (!isLeaf(subtree)) return subtree.hash
  let hash = leafHashes.get(subtree)
  if (hash === undefined) leafHashes.set(subtree, (hash = treeLeafHash(subtree)))
  return hash
}

/** Not worked out yet. */
const UNKNOWN = null

/**
 * Four levels of the tree: the 16 subtrees below them, in the order of the next four bits of the key hash, and what is
 * known of the levels between. A changed slot costs the four hashes above it.
 */
export class Page {
  readonly #slots: Subtree[]
  /** Subtrees over 16, 8, 8, 4, 4, 4, 4, 2… slots, from index 1 on; below them lie the slots. */
  readonly #folds: (Subtree | typeof UNKNOWN)[]

  constructor(slots: readonly Subtree[] = new Array<Subtree>(16).fill(undefined), folds: readonly (Subtree | typeof UNKNOWN)[] = new Array<null>(16).fill(UNKNOWN)) {
    this.#slots = [...slots]
    this.#folds = [...folds]
  }

  copy(): Page {
    return new Page(this.#slots, this.#folds)
  }

  slot(slot: number): Subtree {
    return this.#slots[slot]
  }

  setSlot(slot: number, subtree: Subtree): void {
    if (this.#slots[slot] === subtree) return
    this.#slots[slot] = subtree
    for (let at = (16 + slot) >>> 1; at >= 1; at >>>= 1) this.#folds[at] = UNKNOWN
  }

  /** The subtree over `width` slots (a power of two), beginning with slot `from`, a multiple of the width. */
  fold(from = 0, width = 16): Subtree {
    return this.#fold((16 + from) / width)
  }

  #fold(at: number): Subtree {
    if (at >= 16) return this.#slots[at - 16]
    const known = this.#folds[at]
    if (known !== UNKNOWN) return known
    const folded = joined(this.#fold(2 * at), this.#fold(2 * at + 1))
    this.#folds[at] = folded
    return folded
  }
}

function joined(left: Subtree, right: Subtree): Subtree {
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
  let at = 4
  for (let slot = 0; slot < 16; slot++) {
    const subtree = page.slot(slot)
    if (subtree === undefined) continue
    if (isLeaf(subtree)) {
      leaves |= 1 << slot
      encoded.set(subtree.keyHash, at)
      encoded.set(subtree.valueHash, at + 32)
      at += 64
    } else {
      inners |= 1 << slot
      encoded.set(subtree.hash, at)
      at += 32
    }
  }
  encoded[0] = leaves >>> 8
  encoded[1] = leaves & 255
  encoded[2] = inners >>> 8
  encoded[3] = inners & 255
  return encoded.slice(0, at)
}

/** Where {@link encodePage} writes before it knows the length. */
const encoded = new Uint8Array(4 + 16 * 64)

/** Reads what {@link encodePage} wrote; the slots are views into `bytes`. */
export function decodePage(bytes: Uint8Array): Page {
  const leaves = ((bytes[0] as number) << 8) | (bytes[1] as number)
  const inners = ((bytes[2] as number) << 8) | (bytes[3] as number)
  const page: Subtree[] = new Array<Subtree>(16).fill(undefined)
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
  return new Page(page)
}

import { concatBytes, equalBytes, sha256 } from './bytes.ts'

/** Input of {@link nodeHash}, filled anew by each call and read by no other. */
const node = new Uint8Array(65)
/** Input of {@link leafHash}, likewise; its first byte stays 0. */
const leaf = new Uint8Array(512)

/** Root of an empty tree: SHA-256 of nothing. RFC 9162 §2.1.1. */
export const EMPTY_ROOT = sha256(new Uint8Array())

/** RFC 9162 leaf hash: SHA-256(0x00 ‖ data). */
export function leafHash(data: Uint8Array): Uint8Array {
  if (data.length >= leaf.length) return sha256(concatBytes(leaf.subarray(0, 1), data))
  leaf.set(data, 1)
  return sha256(leaf.subarray(0, data.length + 1))
}

/** RFC 9162 node hash: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  node[0] = 1
  node.set(left, 1)
  node.set(right, 33)
  return sha256(node)
}

/** Root over leaf data. RFC 9162 §2.1.1. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  return rootOfHashes(leaves.map(leafHash))
}

/** Root over leaf hashes. */
export function rootOfHashes(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return EMPTY_ROOT
  let level = hashes
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let i = 0; i + 1 < level.length; i += 2) next.push(nodeHash(level[i] as Uint8Array, level[i + 1] as Uint8Array))
    if (level.length % 2 === 1) next.push(level[level.length - 1] as Uint8Array)
    level = next
  }
  return level[0] as Uint8Array
}

/** Inclusion path of leaf `index`, from the leaf up. RFC 9162 §2.1.3.1. */
export function inclusionPath(hashes: readonly Uint8Array[], index: number): Uint8Array[] {
  const path: Uint8Array[] = []
  let level = hashes
  let at = index
  while (level.length > 1) {
    const sibling = at ^ 1
    if (sibling < level.length) path.push(level[sibling] as Uint8Array)
    const next: Uint8Array[] = []
    for (let i = 0; i + 1 < level.length; i += 2) next.push(nodeHash(level[i] as Uint8Array, level[i + 1] as Uint8Array))
    if (level.length % 2 === 1) next.push(level[level.length - 1] as Uint8Array)
    level = next
    at >>>= 1
  }
  return path
}

/** Checks an inclusion path. RFC 9162 §2.1.3.2. */
export function verifyInclusion(
  root: Uint8Array,
  size: number,
  index: number,
  leaf: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  const found = inclusionRoot(size, index, leaf, path)
  return found !== undefined && equalBytes(found, root)
}

/** The root that an inclusion path leads to, or undefined where it is not one of a tree of that size. RFC 9162 §2.1.3.2. */
export function inclusionRoot(size: number, index: number, leaf: Uint8Array, path: readonly Uint8Array[]): Uint8Array | undefined {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size) return undefined
  let fn = index
  let sn = size - 1
  let hash = leaf
  for (const sibling of path) {
    if (sn === 0) return undefined
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash)
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2)
        sn = Math.floor(sn / 2)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 ? hash : undefined
}

/** Checks that the tree of size `first` is a prefix of that of size `second`. RFC 9162 §2.1.4.2. */
export function verifyConsistency(
  first: number,
  second: number,
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second)) return false
  if (first === second) return path.length === 0 && equalBytes(firstRoot, secondRoot)
  if (first < 1 || first > second || path.length === 0) return false
  const nodes = [...path]
  if (isPowerOfTwo(first)) nodes.unshift(firstRoot)
  let fn = first - 1
  let sn = second - 1
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  let fr = nodes[0] as Uint8Array
  let sr = fr
  for (const node of nodes.slice(1)) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(node, fr)
      sr = nodeHash(node, sr)
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2)
        sn = Math.floor(sn / 2)
      }
    } else {
      sr = nodeHash(sr, node)
    }
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 && equalBytes(fr, firstRoot) && equalBytes(sr, secondRoot)
}

function isPowerOfTwo(n: number): boolean {
  let m = n
  while (m > 1 && m % 2 === 0) m /= 2
  return m === 1
}

import { equalBytes, sha256 } from '@chiron/protocol'
import type { KeyValueReader } from '../state/store.ts'
import { EMPTY_SUBTREE, treeLeafHash, treeNodeHash, type TreeLeaf } from '../state/tree-page.ts'
import { endsAt, treePath, type TreePath } from '../state/tree-path.ts'

const MAX_DEPTH = 256

/** Path of a fact that is there: the hashes beside its way, topmost first. Undefined if it is absent. */
export function membershipPath(reader: KeyValueReader, key: Uint8Array): Uint8Array[] | undefined {
  const keyHash = sha256(key)
  const path = treePath(reader, keyHash)
  return endsAt(path, keyHash) ? path.siblings : undefined
}

/** Path of a fact that is not there, and the other leaf (or none) in its place. Undefined if it is present. */
export function absencePath(reader: KeyValueReader, key: Uint8Array): TreePath | undefined {
  const keyHash = sha256(key)
  const path = treePath(reader, keyHash)
  return endsAt(path, keyHash) ? undefined : path
}

/** Whether the facts under `stateRoot` hold `key` with `value`. SPEC-PROOF-3. */
export function verifyMembership(stateRoot: Uint8Array, key: Uint8Array, value: Uint8Array, siblings: readonly Uint8Array[]): boolean {
  const keyHash = sha256(key)
  return leadsTo(stateRoot, treeLeafHash({ keyHash, valueHash: sha256(value) }), keyHash, siblings)
}

/**
 * Whether the facts under `stateRoot` do not hold `key`: its way ends at an empty subtree (`leaf` null) or at another
 * leaf, which in this layout is then alone below that point. SPEC-PROOF-4.
 */
export function verifyAbsence(stateRoot: Uint8Array, key: Uint8Array, siblings: readonly Uint8Array[], leaf: TreeLeaf | null): boolean {
  const keyHash = sha256(key)
  if (leaf === null) return leadsTo(stateRoot, EMPTY_SUBTREE, keyHash, siblings)
  if (equalBytes(leaf.keyHash, keyHash) || sharedBits(leaf.keyHash, keyHash) < siblings.length) return false
  return leadsTo(stateRoot, treeLeafHash(leaf), keyHash, siblings)
}

function leadsTo(root: Uint8Array, end: Uint8Array, keyHash: Uint8Array, siblings: readonly Uint8Array[]): boolean {
  if (siblings.length > MAX_DEPTH) return false
  let hash = end
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth] as Uint8Array
    hash = bitAt(keyHash, depth) === 0 ? treeNodeHash(hash, sibling) : treeNodeHash(sibling, hash)
  }
  return equalBytes(hash, root)
}

function sharedBits(a: Uint8Array, b: Uint8Array): number {
  let bits = 0
  while (bits < MAX_DEPTH && bitAt(a, bits) === bitAt(b, bits)) bits++
  return bits
}

function bitAt(bytes: Uint8Array, index: number): number {
  return ((bytes[index >>> 3] as number) >>> (7 - (index & 7))) & 1
}

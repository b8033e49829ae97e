import { concatBytes, sha256, utf8, type Handle } from '@chiron/protocol'
import { u32 } from '../state/integers.ts'
import type { StateReader, StateWriter } from '../state/reader.ts'

const TAG = utf8('chiron/version/v1')
const PREFIX = utf8('ver/')
const UNTOUCHED = new Uint8Array(32)
const DELETED = Uint8Array.of(0)
const WRITTEN = Uint8Array.of(1)

/** The scope of what holds for every handle. Handles have 32 bytes, so that it is nobody's. */
const EVERYBODY = new Uint8Array()

/**
 * What names the content that a handle's snapshot is made of: a digest (32 bytes) over every write so far to the tables
 * that feed it, the handle's own and those for everybody. Two states with the same version hold the same content there,
 * whatever chain, branch or uncommitted block they belong to. Undefined before the first write about the handle.
 */
export function contentVersion(state: StateReader, handle: Handle): Uint8Array | undefined {
  const own = state.flat(concatBytes(PREFIX, handle))
  if (own === undefined) return undefined
  return concatBytes(own, state.flat(PREFIX) ?? UNTOUCHED)
}

/** Moves a scope's version on: SHA-256 over the version before, the key and the value (null: deleted) that is written. */
export function moveVersion(state: StateWriter, scope: Uint8Array, key: Uint8Array, value: Uint8Array | null): void {
  const at = concatBytes(PREFIX, scope)
  const written = value === null ? DELETED : concatBytes(WRITTEN, value)
  state.setFlat(at, sha256(concatBytes(TAG, state.flat(at) ?? UNTOUCHED, u32(key.length), key, written)))
}

/** Whose content a table holds: each handle's own (its keys begin with the handle), or what is for everybody. */
export type VersionScope = 'handle' | 'everybody'

/** The scope of a key that follows the table's prefix. */
export function scopeOf(kind: VersionScope, key: Uint8Array): Uint8Array {
  return kind === 'handle' ? key.subarray(0, 32) : EVERYBODY
}

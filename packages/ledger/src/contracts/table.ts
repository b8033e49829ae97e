import { decodeCanonical, didBytes, encodeCanonical, formatDid, utf8, type Did } from '@chiron/protocol'
import type * as v from 'valibot'
import type { StateReader, StateWriter } from '../state/reader.ts'
import { u32 } from '../state/integers.ts'
import { moveVersion, scopeOf, type VersionScope } from './versions.ts'

/** Parts of a key. Every part but the last has a fixed length, so that no two keys of a table run together. */
export type KeyParts = readonly Uint8Array[]

/** Typed access to the values under one prefix. Values are canonical CBOR, decoded strictly. */
export interface Table<T> {
  get(state: StateReader, ...key: KeyParts): T | undefined
  has(state: StateReader, ...key: KeyParts): boolean
  set(state: StateWriter, value: T, ...key: KeyParts): void
  delete(state: StateWriter, ...key: KeyParts): void
  /** Values whose key begins with the parts, in byte order; `key` is what follows the table's prefix. */
  list(state: StateReader, ...key: KeyParts): Iterable<{ readonly key: Uint8Array; readonly value: T }>
  /** As {@link Table.list}, not decoded: for who remembers what the bytes stand for. */
  listBytes(state: StateReader, ...key: KeyParts): Iterable<{ readonly key: Uint8Array; readonly bytes: Uint8Array }>
  decode(bytes: Uint8Array): T
  /** The whole key, as proofs need it. */
  key(...key: KeyParts): Uint8Array
}

/** A table of authenticated facts. Prefixes end in `/` and none begins another. */
export function factTable<T>(prefix: string, schema: v.GenericSchema<unknown, T>): Table<T> {
  return tableOver(prefix, schema, {
    read: (state, key) => state.fact(key),
    scan: (state, key) => state.facts(key),
    write: (state, key, value) => state.setFact(key, value),
    remove: (state, key) => state.deleteFact(key),
  })
}

/**
 * A table of facts that patients' snapshots are made of (`application/snapshot.ts`): every write moves the version of its
 * scope on, so that no path can forget to. With scope `handle` the first part of every key is the handle.
 */
export function snapshotTable<T>(prefix: string, schema: v.GenericSchema<unknown, T>, scope: VersionScope): Table<T> {
  const start = utf8(prefix).length
  const move = (state: StateWriter, key: Uint8Array, value: Uint8Array | null): void => moveVersion(state, scopeOf(scope, key.subarray(start)), key, value)
  return tableOver(prefix, schema, {
    read: (state, key) => state.fact(key),
    scan: (state, key) => state.facts(key),
    write(state, key, value) {
      state.setFact(key, value)
      move(state, key, value)
    },
    remove(state, key) {
      state.deleteFact(key)
      move(state, key, null)
    },
  })
}

/** A table of derived values: the same on every node, under no proof of its own. */
export function flatTable<T>(prefix: string, schema: v.GenericSchema<unknown, T>): Table<T> {
  return tableOver(prefix, schema, {
    read: (state, key) => state.flat(key),
    scan: (state, key) => state.flats(key),
    write: (state, key, value) => state.setFlat(key, value),
    remove: (state, key) => state.deleteFlat(key),
  })
}

interface Space {
  read(state: StateReader, key: Uint8Array): Uint8Array | undefined
  scan(state: StateReader, prefix: Uint8Array): Iterable<readonly [Uint8Array, Uint8Array]>
  write(state: StateWriter, key: Uint8Array, value: Uint8Array): void
  remove(state: StateWriter, key: Uint8Array): void
}

function tableOver<T>(prefixText: string, schema: v.GenericSchema<unknown, T>, space: Space): Table<T> {
  const prefix = utf8(prefixText)
  const keyOf = (parts: KeyParts): Uint8Array => {
    let { length } = prefix
    for (let i = 0; i < parts.length; i++) length += (parts[i] as Uint8Array).length
    const key = new Uint8Array(length)
    key.set(prefix)
    let at = prefix.length
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] as Uint8Array
      key.set(part, at)
      at += part.length
    }
    return key
  }
  /** Values by the bytes they were read from, for as long as a store keeps those. Frozen: they are handed out again. */
  const decoded = new WeakMap<Uint8Array, { readonly value: T }>()
  const decode = (bytes: Uint8Array): T => {
    const known = decoded.get(bytes)
    if (known !== undefined) return known.value
    const value = frozen(decodeCanonical(schema, bytes))
    decoded.set(bytes, { value })
    return value
  }
  /** Answers by the arrays they were read from, likewise. */
  const lists = new WeakMap<object, readonly { readonly key: Uint8Array; readonly value: T }[]>()
  function* walk(pairs: Iterable<readonly [Uint8Array, Uint8Array]>): Iterable<{ readonly key: Uint8Array; readonly value: T }> {
    for (const [at, bytes] of pairs) yield { key: at.subarray(prefix.length), value: decode(bytes) }
  }
  return {
    get(state, ...key) {
      const bytes = space.read(state, keyOf(key))
      return bytes === undefined ? undefined : decode(bytes)
    },
    has: (state, ...key) => space.read(state, keyOf(key)) !== undefined,
    set: (state, value, ...key) => space.write(state, keyOf(key), encodeCanonical(value)),
    delete: (state, ...key) => space.remove(state, keyOf(key)),
    list(state, ...key) {
      const pairs = space.scan(state, keyOf(key))
      if (!Array.isArray(pairs)) return walk(pairs)
      let items = lists.get(pairs)
      if (items === undefined) lists.set(pairs, (items = [...walk(pairs)]))
      return items
    },
    *listBytes(state, ...key) {
      for (const [at, bytes] of space.scan(state, keyOf(key))) yield { key: at.subarray(prefix.length), bytes }
    },
    decode: (bytes) => decodeCanonical(schema, bytes),
    key: (...key) => keyOf(key),
  }
}

/** Freezes a decoded value, except byte strings, which cannot be. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}

/** Key part of a DID: its 20 bytes. */
export const didPart = (did: Did): Uint8Array => didBytes(did)

/** The DID whose 20 bytes begin at `offset` of a key. */
export const didAt = (key: Uint8Array, offset: number): Did => formatDid(key.subarray(offset, offset + 20))

/** Key part of a number: big-endian u32, so that byte order is numeric order. */
export const uint32Part = (n: number): Uint8Array => u32(n)

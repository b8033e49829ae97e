import type { Handle } from '@chiron/protocol'

/** The append-only lists that a handle has. */
export type ListKind = 'records' | 'accesses'

/** What contracts, keyholders, gateways and proofs read of the state. Synchronous; never a half-executed block. */
export interface StateReader {
  /**
   * An object that stands for all facts as they are: another is handed out as soon as a fact has changed, and for each
   * state. For `contracts/facts-memo.ts`. Undefined, or left out: nothing may be remembered.
   */
  factsToken?(): object | undefined
  fact(key: Uint8Array): Uint8Array | undefined
  /** Facts whose key begins with `prefix`, in byte order. */
  facts(prefix: Uint8Array): Iterable<readonly [key: Uint8Array, value: Uint8Array]>
  flat(key: Uint8Array): Uint8Array | undefined
  flats(prefix: Uint8Array): Iterable<readonly [key: Uint8Array, value: Uint8Array]>
  listSize(kind: ListKind, handle: Handle): number
  entry(kind: ListKind, handle: Handle, index: number): Uint8Array | undefined
  /** Entries in [from, to), oldest first. */
  entries(kind: ListKind, handle: Handle, from?: number, to?: number): Iterable<Uint8Array>
}

/** What handlers write, buffered for the transaction: a throw discards it. */
export interface StateWriter extends StateReader {
  setFact(key: Uint8Array, value: Uint8Array): void
  deleteFact(key: Uint8Array): void
  setFlat(key: Uint8Array, value: Uint8Array): void
  deleteFlat(key: Uint8Array): void
  /** Appends and returns the entry's index in its list. */
  append(kind: ListKind, handle: Handle, entry: Uint8Array): number
}

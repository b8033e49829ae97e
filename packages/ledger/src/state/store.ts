/**
 * Where bytes of the state lie: ordered maps, told apart by space.
 * - `facts`: current facts, under the authenticated tree
 * - `flat`: derived from entries and facts, rebuilt with them; not authenticated by itself
 * - `tree`: pages of the authenticated tree
 * - `log`: hashes of the RFC 9162 transaction log
 * - `entries`: every list's entries in one append-only sequence; keys only ever grow
 * - `runs`: where each list's entries lie in the sequence
 * - `meta`: height, time, counters
 */
export type Space = 'facts' | 'flat' | 'tree' | 'log' | 'entries' | 'runs' | 'meta'

/**
 * Reads committed bytes. Returned arrays are never a view into a buffer that will be used again, and are not to be changed: a
 * reader may hand out the same one twice, and what was decoded from it may be remembered by it.
 */
export interface KeyValueReader {
  get(space: Space, key: Uint8Array): Uint8Array | undefined
  /** Keys in [from, to) in byte order; `to` undefined has no end. `reverse` walks from the end. */
  range(space: Space, from: Uint8Array, to: Uint8Array | undefined, options?: { reverse?: boolean; limit?: number }): Iterable<readonly [key: Uint8Array, value: Uint8Array]>
}

/** `value` null deletes. */
export interface KeyValueWrite {
  readonly space: Space
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

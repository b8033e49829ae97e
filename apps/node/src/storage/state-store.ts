import type { KeyValueReader, KeyValueWrite, Space } from '@chiron/ledger'

/**
 * The state's spaces, and three that the embedded engine derives beside them:
 * - `engine`: genesis hash and newest height
 * - `results`: results of each block, by height; keys only ever grow
 * - `txs`: where a transaction was committed
 */
export type StoreSpace = Space | 'engine' | 'results' | 'txs'

export const STORE_SPACES: readonly StoreSpace[] = ['facts', 'flat', 'tree', 'log', 'entries', 'runs', 'meta', 'engine', 'results', 'txs']

/** `value` null deletes. */
export interface StoreWrite extends Omit<KeyValueWrite, 'space'> {
  readonly space: StoreSpace
}

/** Where the state lies. Drivers: lmdb, memory. */
export interface StateStore extends KeyValueReader {
  get(space: StoreSpace, key: Uint8Array): Uint8Array | undefined
  range(space: StoreSpace, from: Uint8Array, to: Uint8Array | undefined, options?: { reverse?: boolean; limit?: number }): Iterable<readonly [key: Uint8Array, value: Uint8Array]>
  /**
   * All of the writes or none, in order; durable when it returns, and seen by the next read.
   * @throws StorageError `ERR_STORAGE_FULL`, `ERR_STORAGE_IO`; then nothing more may be committed before a restart
   */
  commit(writes: readonly StoreWrite[]): void
  /**
   * As {@link commit}, beside the event loop where the store can. `visible` is called once, when the writes are durable, in
   * the moment from which reads see them; until then reads see the state before. Nothing else may be committed meanwhile.
   * @throws as {@link commit}; then `visible` was not called
   */
  commitAside(writes: readonly StoreWrite[], visible: () => void): Promise<void>
  close(): Promise<void>
}

import { MemoryStore, type Space } from '@chiron/ledger'
import { StorageError } from './errors.ts'
import type { StateStore, StoreSpace, StoreWrite } from './state-store.ts'

/** Under which space of a second store the engine's own are kept. */
const ENGINE_SPACES: ReadonlyMap<StoreSpace, Space> = new Map([['engine', 'meta'], ['results', 'entries'], ['txs', 'flat']])

/** {@link StateStore} in memory: the twin of `LmdbStore` for tests and replays. */
export class MemoryStateStore implements StateStore {
  readonly #state = new MemoryStore()
  readonly #engine = new MemoryStore()
  #closed = false

  get(space: StoreSpace, key: Uint8Array): Uint8Array | undefined {
    const [store, inner] = this.#place(space)
    return store.get(inner, key)
  }

  range(space: StoreSpace, from: Uint8Array, to: Uint8Array | undefined, options: { reverse?: boolean; limit?: number } = {}): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    const [store, inner] = this.#place(space)
    return store.range(inner, from, to, options)
  }

  commit(writes: readonly StoreWrite[]): void {
    if (this.#closed) throw new StorageError('ERR_STORAGE_CLOSED', 'the state is closed')
    for (const write of writes) {
      const [store, space] = this.#place(write.space)
      store.apply([{ ...write, space }])
    }
  }

  async commitAside(writes: readonly StoreWrite[], visible: () => void): Promise<void> {
    this.commit(writes)
    visible()
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #place(space: StoreSpace): [store: MemoryStore, inner: Space] {
    const inner = ENGINE_SPACES.get(space)
    return inner ? [this.#engine, inner] : [this.#state, space as Space]
  }
}

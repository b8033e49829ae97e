import type { StateStore, StoreSpace, StoreWrite } from './state-store.ts'

/** A {@link StateStore} that tells what every commit wrote, before anything else can read it. */
export class WatchedStore implements StateStore {
  readonly #store: StateStore
  readonly #listeners = new Set<(writes: readonly StoreWrite[]) => void>()

  constructor(store: StateStore) {
    this.#store = store
  }

  /** Calls after each commit, in the same turn; not after one that failed. */
  onCommit(listener: (writes: readonly StoreWrite[]) => void): void {
    this.#listeners.add(listener)
  }

  get(space: StoreSpace, key: Uint8Array): Uint8Array | undefined {
    return this.#store.get(space, key)
  }

  range(space: StoreSpace, from: Uint8Array, to: Uint8Array | undefined, options?: { reverse?: boolean; limit?: number }): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    return this.#store.range(space, from, to, options)
  }

  commit(writes: readonly StoreWrite[]): void {
    this.#store.commit(writes)
    for (const listener of this.#listeners) listener(writes)
  }

  async commitAside(writes: readonly StoreWrite[], visible: () => void): Promise<void> {
    await this.#store.commitAside(writes, () => {
      for (const listener of this.#listeners) listener(writes)
      visible()
    })
  }

  close(): Promise<void> {
    return this.#store.close()
  }
}

/** Runs work that shares a key one after the other, in the order asked; work without a common key runs at the same time. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>()

  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const unique = [...new Set(keys)]
    if (unique.length === 0) return await work()
    const before = unique.flatMap((key) => this.#tails.get(key) ?? [])
    let release = (): void => undefined
    const done = new Promise<void>((resolve) => {
      release = resolve
    })
    for (const key of unique) this.#tails.set(key, done)
    try {
      await Promise.all(before)
      return await work()
    } finally {
      release()
      for (const key of unique) if (this.#tails.get(key) === done) this.#tails.delete(key)
    }
  }
}

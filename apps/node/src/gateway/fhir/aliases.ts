import type { IndexStore } from '../index/port.ts'

const REMEMBERED = 100_000

/**
 * What clients of the organisation call resources whose id they chose. Answers come from memory, so that references
 * can be rewritten in one go: `prepare` must have seen the ids first.
 */
export class Aliases {
  readonly #index: IndexStore
  readonly #known = new Map<string, string | null>()

  constructor(dependencies: { index: IndexStore }) {
    this.#index = dependencies.index
  }

  /** Looks up the canonical ids that are not in memory yet. */
  async prepare(targets: Iterable<{ readonly type: string; readonly id: string }>): Promise<void> {
    for (const { type, id } of targets) {
      const key = `${type}/${id}`
      if (this.#known.has(key)) continue
      this.#remember(key, (await this.#index.localId(type, id)) ?? null)
    }
  }

  /** Local id of a canonical one that `prepare` has seen. */
  localOf(type: string, canonical: string): string | undefined {
    return this.#known.get(`${type}/${canonical}`) ?? undefined
  }

  add(type: string, canonical: string, local: string): void {
    this.#remember(`${type}/${canonical}`, local)
  }

  /** A resource that has just come into being under an id of the server's: there is nothing to look up. */
  addNone(type: string, canonical: string): void {
    this.#remember(`${type}/${canonical}`, null)
  }

  clear(): void {
    this.#known.clear()
  }

  #remember(key: string, local: string | null): void {
    if (this.#known.size >= REMEMBERED) this.#known.delete(this.#known.keys().next().value as string)
    this.#known.set(key, local)
  }
}

import { FuzzError } from './errors.ts'
import { COUNTERS, instrument, type SyntaxNode } from './instrument.ts'

/** Counters of all modules of this process; each module's begin at a multiple of four. */
const CAPACITY = 1 << 17
const HEADROOM = 16

interface Region {
  readonly url: string
  readonly start: number
  readonly end: number
  readonly literals: readonly (string | number)[]
  readonly source: string
  readonly places: readonly number[]
}

/** Buckets of hit counts: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, more; one bit each. */
const BUCKETS = Uint8Array.from({ length: 256 }, (_, hits) => {
  if (hits === 0) return 0
  if (hits < 4) return 1 << (hits - 1)
  return hits < 8 ? 8 : hits < 16 ? 16 : hits < 32 ? 32 : hits < 128 ? 64 : 128
})

/** Which branches of which modules run: counters that instrumented modules of this process increase. */
export class Coverage {
  readonly #counters = new Uint8Array(CAPACITY)
  readonly #words = new Uint32Array(this.#counters.buffer)
  readonly #regions: Region[] = []
  #next = 0

  /** Makes the counters known to instrumented modules; once in a process, before any is run. */
  constructor() {
    Object.assign(globalThis, { [COUNTERS]: this.#counters })
  }

  /** The module's text with counters. `program`: its syntax tree. @throws FuzzError `ERR_FUZZ_SOURCE` when there is no room */
  add(url: string, source: string, program: SyntaxNode): string {
    const { source: instrumented, counters, places, literals } = instrument(source, program, this.#next)
    const end = (this.#next + counters + 3) & ~3
    if (end > CAPACITY - HEADROOM) throw new FuzzError('ERR_FUZZ_SOURCE', 'too many branches')
    this.#regions.push({ url, start: this.#next, end, literals, source, places })
    this.#next = end
    return instrumented
  }

  /** What the modules at these addresses did. @throws FuzzError `ERR_FUZZ_TARGET` when there is none */
  of(modules: readonly string[]): Window {
    const regions = this.#regions.filter(({ url }) => modules.some((module) => url.includes(module)))
    for (const module of modules) if (!regions.some(({ url }) => url.includes(module))) throw new FuzzError('ERR_FUZZ_TARGET', `no module ${module} was loaded`)
    return new Window(this.#counters, this.#words, regions)
  }
}

/** The counters that one target looks at, and what of them was seen so far. */
export class Window {
  readonly #counters: Uint8Array
  readonly #words: Uint32Array
  readonly #regions: readonly Region[]
  readonly #seen: Uint8Array

  constructor(counters: Uint8Array, words: Uint32Array, regions: readonly Region[]) {
    this.#counters = counters
    this.#words = words
    this.#regions = regions
    this.#seen = new Uint8Array(counters.length)
  }

  get literals(): (string | number)[] {
    return [...new Set(this.#regions.flatMap(({ literals }) => literals))]
  }

  get counters(): number {
    return this.#regions.reduce((sum, { places }) => sum + places.length, 0)
  }

  /** Branches that never ran: address of the module, line from 1, and how the branch begins. */
  missed(): { readonly url: string; readonly line: number; readonly text: string }[] {
    return this.#regions.flatMap(({ url, start, source, places }) => places.flatMap((at, index) => {
      if (this.#seen[start + index] !== 0) return []
      return [{ url, line: source.slice(0, at).split('\n').length, text: source.slice(at, at + 60).split('\n')[0] ?? '' }]
    }))
  }

  /** Counters that ran at least once so far. */
  get covered(): number {
    return this.#seen.reduce((sum, bits) => sum + (bits === 0 ? 0 : 1), 0)
  }

  clear(): void {
    for (let i = 0; i < this.#regions.length; i++) {
      const { start, end } = this.#regions[i] as Region
      this.#counters.fill(0, start, end)
    }
  }

  /** Whether a branch ran that never had, or in an order of magnitude that was never seen; it is seen from now on. */
  takeNews(): boolean {
    let news = false
    for (let i = 0; i < this.#regions.length; i++) {
      const { start, end } = this.#regions[i] as Region
      for (let word = start >>> 2; word < end >>> 2; word++) {
        if (this.#words[word] === 0) continue
        for (let at = word << 2; at < (word << 2) + 4; at++) {
          const bucket = BUCKETS[this.#counters[at] as number] as number
          const seen = this.#seen[at] as number
          if ((bucket & ~seen) === 0) continue
          this.#seen[at] = seen | bucket
          news = true
        }
      }
    }
    return news
  }

  /** Counters with their buckets, as `counter * 256 + bucket`. */
  features(): number[] {
    const features: number[] = []
    for (const { start, end } of this.#regions) {
      for (let at = start; at < end; at++) {
        const hits = this.#counters[at] as number
        if (hits > 0) features.push(at * 256 + (BUCKETS[hits] as number))
      }
    }
    return features
  }
}

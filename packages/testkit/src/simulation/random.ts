/**
 * Seeded random numbers (sfc32), splittable: a child depends on its parent's seed and its own name alone, never on how
 * much was drawn before, so that one more draw somewhere does not reshuffle everything else.
 */
export class SeededRandom {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #d = 1

  constructor(name: string) {
    this.#name = name
    const [a, b, c] = hash(name)
    this.#a = a
    this.#b = b
    this.#c = c
    for (let i = 0; i < 12; i++) this.uint32()
  }

  split(name: string): SeededRandom {
    return new SeededRandom(`${this.#name}/${name}`)
  }

  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0
    return t >>> 0
  }

  /** In [0, 1). */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000
  }

  /** An integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.fraction() * n)
  }

  /** An integer in [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** Names one of the choices, each as likely as its weight says. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const entries = Object.entries(weights) as [T, number][]
    let left = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) if ((left -= weight) < 0) return name
    return (entries.at(-1) as [T, number])[0]
  }

  /** Each item with the same chance. */
  some<T>(items: readonly T[], probability: number): T[] {
    return items.filter(() => this.chance(probability))
  }

  bytes(n: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(n)
    for (let at = 0; at < n; at += 4) {
      let word = this.uint32()
      for (let i = at; i < Math.min(at + 4, n); i++, word >>>= 8) bytes[i] = word & 255
    }
    return bytes
  }
}

/** Three well-mixed words of a text (MurmurHash3's finaliser over three running sums). */
function hash(text: string): [number, number, number] {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = 0xb7e15162
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 0x85ebca6b)
    b = Math.imul(b ^ code ^ (a >>> 15), 0xc2b2ae35)
    c = Math.imul(c ^ code ^ (b >>> 13), 0x27d4eb2f)
  }
  return [mix(a ^ c), mix(b ^ a), mix(c ^ b)]
}

function mix(word: number): number {
  let mixed = word ^ (word >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) | 0
}

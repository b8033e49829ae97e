const CHUNK = 512

interface Entry<V> {
  readonly key: Uint8Array
  value: V
}

/** Length of the beginnings by which {@link ByteMap} tells at once that no key has one. */
const BEGINNING = 20

/** A map from byte strings to values that walks its keys in byte order. Keys are sorted when somebody first walks them. */
export class ByteMap<V> {
  readonly #entries = new Map<string, Entry<V>>()
  /** Sorted keys in sorted chunks, so that an insert moves at most one chunk. Never holds an empty chunk. */
  readonly #chunks: string[][] = []
  /** Keys that are in no chunk yet. */
  #unsorted: string[] = []
  /** Beginnings of keys that were ever here. */
  readonly #beginnings = new Set<string>()

  get size(): number {
    return this.#entries.size
  }

  get(key: Uint8Array): V | undefined {
    if (this.#entries.size === 0) return undefined
    return this.#entries.get(toText(key))?.value
  }

  has(key: Uint8Array): boolean {
    if (this.#entries.size === 0) return false
    return this.#entries.has(toText(key))
  }

  set(key: Uint8Array, value: V): void {
    const text = toText(key)
    const known = this.#entries.get(text)
    if (known) {
      known.value = value
      return
    }
    this.#entries.set(text, { key: key.slice(), value })
    this.#unsorted.push(text)
    this.#beginnings.add(text.slice(0, BEGINNING))
  }

  delete(key: Uint8Array): boolean {
    const text = toText(key)
    if (!this.#entries.delete(text)) return false
    this.#sort()
    const at = this.#chunkOf(text)
    const chunk = this.#chunks[at] as string[]
    chunk.splice(lowerBound(chunk, text), 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
    return true
  }

  /** Entries with keys in [from, to), as they are at the call; `to` undefined has no end. */
  range(from: Uint8Array, to?: Uint8Array, limit = Infinity): [key: Uint8Array, value: V][] {
    const found: [Uint8Array, V][] = []
    const first = toText(from)
    const end = to === undefined ? undefined : toText(to)
    if (this.#isWithoutAny(first, end)) return found
    this.#sort()
    for (let at = Math.max(0, this.#chunkOf(first)); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] as string[]
      for (let i = lowerBound(chunk, first); i < chunk.length; i++) {
        const text = chunk[i] as string
        if (found.length >= limit || (end !== undefined && text >= end)) return found
        found.push(this.#pair(text))
      }
    }
    return found
  }

  /** As {@link range}, from the greatest key down. */
  rangeReverse(from: Uint8Array, to?: Uint8Array, limit = Infinity): [key: Uint8Array, value: V][] {
    const found: [Uint8Array, V][] = []
    const first = toText(from)
    const end = to === undefined ? undefined : toText(to)
    if (this.#isWithoutAny(first, end)) return found
    this.#sort()
    for (let at = end === undefined ? this.#chunks.length - 1 : this.#chunkOf(end); at >= 0; at--) {
      const chunk = this.#chunks[at] as string[]
      for (let i = (end === undefined ? chunk.length : lowerBound(chunk, end)) - 1; i >= 0; i--) {
        const text = chunk[i] as string
        if (found.length >= limit || text < first) return found
        found.push(this.#pair(text))
      }
    }
    return found
  }

  entries(): [key: Uint8Array, value: V][] {
    return this.range(new Uint8Array())
  }

  /** As {@link entries}, in the order in which keys came. */
  *unordered(): Iterable<readonly [key: Uint8Array, value: V]> {
    for (const { key, value } of this.#entries.values()) yield [key, value]
  }

  /** Whether it is plain that no key lies in [first, end). */
  #isWithoutAny(first: string, end: string | undefined): boolean {
    if (this.#entries.size === 0) return true
    const beginning = first.slice(0, BEGINNING)
    return first.length >= BEGINNING && end !== undefined && end.startsWith(beginning) && !this.#beginnings.has(beginning)
  }

  #sort(): void {
    const { length } = this.#unsorted
    if (length === 0) return
    const added = this.#unsorted
    this.#unsorted = []
    if (this.#chunks.length > 0) {
      for (let i = 0; i < length; i++) this.#insert(added[i] as string)
      return
    }
    added.sort(byCodeUnits)
    for (let from = 0; from < length; from += CHUNK / 2) this.#chunks.push(added.slice(from, from + CHUNK / 2))
  }

  #pair(text: string): [Uint8Array, V] {
    const entry = this.#entries.get(text) as Entry<V>
    return [entry.key, entry.value]
  }

  #insert(text: string): void {
    const at = this.#chunkOf(text)
    const chunk = this.#chunks[Math.max(0, at)]
    if (chunk === undefined) {
      this.#chunks.push([text])
      return
    }
    chunk.splice(lowerBound(chunk, text), 0, text)
    if (chunk.length > CHUNK) this.#chunks.splice(Math.max(0, at) + 1, 0, chunk.splice(CHUNK / 2))
  }

  /** The last chunk whose first key is not greater than `text`; -1 if there is none. */
  #chunkOf(text: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#chunks[middle] as string[])[0] as string <= text) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

/** One character per byte: strings of these compare as the bytes do. */
export function toText(bytes: Uint8Array): string {
  if (bytes.length <= 512) return String.fromCharCode.apply(undefined, bytes as unknown as number[])
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i] as number)
  return text
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function lowerBound(sorted: readonly string[], text: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] as string < text) low = middle + 1
    else high = middle
  }
  return low
}

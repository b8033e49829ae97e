import { ProtocolError } from '../errors.ts'
import { compareKeys, isKey, MAX_DEPTH, type CborValue } from './model.ts'
import { readUtf8 } from './utf8.ts'

/**
 * Reads bytes that are exactly what `writeCbor` would write, and nothing else (SPEC-ENC-2). Integers beyond 2^53 - 1
 * come as `bigint`. Byte strings are copies.
 * @throws ProtocolError `ERR_PROTOCOL_NOT_CANONICAL` for a longer head than needed, keys out of order or repeated, bytes
 * left over; `ERR_PROTOCOL_LIMIT` for nesting; `ERR_PROTOCOL_ENCODING` for what is cut short or outside the data model
 */
export function readCbor(bytes: Uint8Array): CborValue {
  const reader = new Reader(bytes)
  const value = reader.value(0)
  reader.end()
  return value
}

function malformed(what: string): never {
  throw new ProtocolError('ERR_PROTOCOL_ENCODING', what)
}

function notCanonical(what: string): never {
  throw new ProtocolError('ERR_PROTOCOL_NOT_CANONICAL', what)
}

/** Reads items of canonical CBOR one after the other. Everything throws as {@link readCbor} does. */
export class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    // A subclass (Node's Buffer) has a `slice` that does not copy. Asking for the buffer moves small arrays out of the heap.
    this.#bytes = bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** Where the next item begins. Setting it goes back. */
  get position(): number {
    return this.#at
  }

  set position(at: number) {
    this.#at = at
  }

  end(): void {
    if (this.#at !== this.#bytes.length) notCanonical('bytes left over')
  }

  /** The next item, in arrays and maps nested so deeply. */
  value(depth: number): CborValue {
    const initial = this.#byte()
    const minor = initial & 0x1f
    switch (initial >>> 5) {
      case 0:
        return this.#integer(minor)
      case 1: {
        const n = this.#integer(minor)
        if (typeof n === 'bigint') return -1n - n
        return n === Number.MAX_SAFE_INTEGER ? -1n - BigInt(n) : -1 - n
      }
      case 2: {
        const start = this.#take(this.#length(minor))
        return this.#bytes.slice(start, this.#at)
      }
      case 3:
        return this.#text(this.#length(minor))
      case 4:
        return this.#array(this.#length(minor), depth + 1)
      case 5:
        return this.#map(this.#length(minor), depth + 1)
      case 6:
        return malformed('a tag')
      default:
        if (initial === 0xf4) return false
        if (initial === 0xf5) return true
        if (initial === 0xf6) return null
        return malformed('a float or an unknown simple value')
    }
  }

  /** Steps over the next byte if it is this one. */
  takeByte(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false
    this.#at++
    return true
  }

  /** Steps over these bytes if they come next. */
  takeBytes(expected: Uint8Array): boolean {
    const at = this.#at
    for (let i = 0; i < expected.length; i++) if (this.#bytes[at + i] !== expected[i]) return false
    this.#at = at + expected.length
    return true
  }

  /** Length of an item of this major type, or undefined if the next item is of another. */
  takeHead(major: number): number | undefined {
    const initial = this.#bytes[this.#at]
    if (initial === undefined || initial >>> 5 !== major) return undefined
    this.#at++
    return this.#length(initial & 0x1f)
  }

  /** A byte string (a copy), or undefined if the next item is none. */
  takeByteString(): Uint8Array | undefined {
    const length = this.takeHead(2)
    if (length === undefined) return undefined
    const start = this.#take(length)
    return this.#bytes.slice(start, this.#at)
  }

  /** Steps over a byte string; whether there was one. */
  skipByteString(): boolean {
    const length = this.takeHead(2)
    if (length === undefined) return false
    this.#take(length)
    return true
  }

  /** Text, or undefined if the next item is none. */
  takeText(): string | undefined {
    const length = this.takeHead(3)
    return length === undefined ? undefined : this.#text(length)
  }

  /** An integer that is not negative, or undefined if the next item is none. */
  takeUnsigned(): number | bigint | undefined {
    const initial = this.#bytes[this.#at]
    if (initial === undefined || initial >>> 5 !== 0) return undefined
    this.#at++
    return this.#integer(initial & 0x1f)
  }

  #array(length: number, depth: number): CborValue[] {
    if (depth > MAX_DEPTH) throw new ProtocolError('ERR_PROTOCOL_LIMIT', 'nested too deeply')
    const items: CborValue[] = []
    for (let i = 0; i < length; i++) items.push(this.value(depth))
    return items
  }

  #map(length: number, depth: number): { [key: string]: CborValue } {
    if (depth > MAX_DEPTH) throw new ProtocolError('ERR_PROTOCOL_LIMIT', 'nested too deeply')
    const map: { [key: string]: CborValue } = {}
    let last = ''
    for (let i = 0; i < length; i++) {
      const initial = this.#byte()
      if (initial >>> 5 !== 3) malformed('a key that is not text')
      const key = this.#text(this.#length(initial & 0x1f))
      if (!isKey(key)) malformed('a key that is not allowed')
      if (compareKeys(last, key) >= 0) notCanonical('keys out of order')
      map[key] = this.value(depth)
      last = key
    }
    return map
  }

  #text(length: number): string {
    const start = this.#take(length)
    let text = ''
    for (let i = start; i < this.#at; i++) {
      const byte = this.#bytes[i] as number
      if (byte > 0x7f) return readUtf8(this.#bytes, start, this.#at) ?? malformed('text that is not UTF-8')
      text += String.fromCharCode(byte)
    }
    return text
  }

  /** A length never exceeds what is left: an item has at least one byte. */
  #length(minor: number): number {
    const length = this.#integer(minor)
    if (typeof length === 'bigint' || length > this.#bytes.length - this.#at) return malformed('cut short')
    return length
  }

  #integer(minor: number): number | bigint {
    if (minor < 24) return minor
    if (minor === 24) return this.#shortest(this.#byte(), 24)
    if (minor === 25) return this.#shortest(this.#byte() * 0x100 + this.#byte(), 0x100)
    if (minor === 26) return this.#shortest(this.#uint32(), 0x1_0000)
    if (minor > 27) return malformed('an indefinite length')
    const high = this.#shortest(this.#uint32(), 1)
    const low = this.#uint32()
    if (high > 0x1f_ffff) return (BigInt(high) << 32n) | BigInt(low)
    return high * 0x1_0000_0000 + low
  }

  #shortest(n: number, least: number): number {
    if (n < least) notCanonical('a longer head than needed')
    return n
  }

  #uint32(): number {
    return this.#byte() * 0x100_0000 + this.#byte() * 0x1_0000 + this.#byte() * 0x100 + this.#byte()
  }

  #take(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start) malformed('cut short')
    this.#at = start + length
    return start
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) return malformed('cut short')
    this.#at++
    return byte
  }
}

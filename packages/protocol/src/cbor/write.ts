import { utf8 } from '../bytes.ts'
import { ProtocolError } from '../errors.ts'
import { compareKeys, isKey, MAX_DEPTH, type CborValue } from './model.ts'

/**
 * The one encoding of a value of the data model (SPEC-ENC-1): DAG-CBOR, shortest heads, definite lengths, keys in
 * order of length, then bytes.
 * @throws ProtocolError `ERR_PROTOCOL_ENCODING` for a float, -0, an integer beyond 64 bits, `undefined`, a hole, a lone
 * surrogate, a key that is no key (see {@link isKey}), or an object that is not plain; `ERR_PROTOCOL_LIMIT` for nesting.
 */
export function writeCbor(value: unknown): Uint8Array {
  const writer = new Writer(scratch ?? new Uint8Array(SCRATCH_BYTES))
  // A value whose getter encodes another one must not find its own half-written bytes.
  scratch = undefined
  writer.value(value, 0)
  const written = writer.finish()
  scratch = writer.scratch
  return written
}

const SCRATCH_BYTES = 4096
/** Where values are written before their length is known; undefined while one is. */
let scratch: Uint8Array<ArrayBuffer> | undefined

/** Encoded keys that have been written before: there are as many as schemas name. */
const encodedKeys = new Map<string, Uint8Array>()
const MOST_KEYS = 2_000

function refuse(what: string): never {
  throw new ProtocolError('ERR_PROTOCOL_ENCODING', `cannot encode ${what}`)
}

class Writer {
  #bytes: Uint8Array<ArrayBuffer>
  #at = 0

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes
  }

  /** Bytes to write the next value in. */
  get scratch(): Uint8Array<ArrayBuffer> | undefined {
    return this.#bytes.length <= 64 * SCRATCH_BYTES ? this.#bytes : undefined
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  value(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        return this.#text(value)
      case 'number':
        return this.#number(value)
      case 'bigint':
        return this.#bigint(value)
      case 'boolean':
        return this.#byte(value ? 0xf5 : 0xf4)
      case 'object':
        if (value === null) return this.#byte(0xf6)
        if (value instanceof Uint8Array) return this.#byteString(value)
        if (depth >= MAX_DEPTH) throw new ProtocolError('ERR_PROTOCOL_LIMIT', 'nested too deeply')
        if (Array.isArray(value)) return this.#array(value, depth + 1)
        return this.#map(value, depth + 1)
      default:
        return refuse(typeof value)
    }
  }

  #array(items: readonly unknown[], depth: number): void {
    this.#head(0x80, items.length)
    for (let i = 0; i < items.length; i++) this.value(items[i], depth)
  }

  #map(map: object, depth: number): void {
    const prototype: unknown = Object.getPrototypeOf(map)
    if (prototype !== Object.prototype && prototype !== null) refuse('an object that is not plain')
    const keys = Object.keys(map)
    if (!isSorted(keys)) keys.sort(compareKeys)
    this.#head(0xa0, keys.length)
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string
      this.#raw(encodedKeys.get(key) ?? encodeKey(key))
      this.value((map as Record<string, CborValue>)[key], depth)
    }
  }

  #byteString(bytes: Uint8Array): void {
    this.#head(0x40, bytes.length)
    this.#raw(bytes)
  }

  #text(text: string): void {
    if (!isAscii(text)) return this.#unicode(text)
    this.#head(0x60, text.length)
    this.#reserve(text.length)
    for (let i = 0; i < text.length; i++) this.#bytes[this.#at++] = text.charCodeAt(i)
  }

  #unicode(text: string): void {
    if (hasLoneSurrogate(text)) refuse('a lone surrogate')
    const bytes = utf8(text)
    this.#head(0x60, bytes.length)
    this.#raw(bytes)
  }

  #number(n: number): void {
    if (!Number.isSafeInteger(n) || Object.is(n, -0)) refuse('a number that is not a safe integer')
    if (n >= 0) this.#head(0x00, n)
    else this.#head(0x20, -1 - n)
  }

  #bigint(n: bigint): void {
    const argument = n >= 0n ? n : -1n - n
    if (argument > 0xffff_ffff_ffff_ffffn) refuse('an integer beyond 64 bits')
    const major = n >= 0n ? 0x00 : 0x20
    if (argument <= BigInt(Number.MAX_SAFE_INTEGER)) return this.#head(major, Number(argument))
    this.#byte(major | 27)
    this.#uint32(Number(argument >> 32n))
    this.#uint32(Number(argument & 0xffff_ffffn))
  }

  #head(major: number, argument: number): void {
    if (argument < 24) return this.#byte(major | argument)
    if (argument < 0x100) {
      this.#byte(major | 24)
      return this.#byte(argument)
    }
    if (argument < 0x1_0000) {
      this.#byte(major | 25)
      this.#byte(argument >>> 8)
      return this.#byte(argument & 0xff)
    }
    if (argument < 0x1_0000_0000) {
      this.#byte(major | 26)
      return this.#uint32(argument)
    }
    this.#byte(major | 27)
    this.#uint32(Math.floor(argument / 0x1_0000_0000))
    this.#uint32(argument % 0x1_0000_0000)
  }

  #uint32(n: number): void {
    this.#byte(n >>> 24)
    this.#byte((n >>> 16) & 0xff)
    this.#byte((n >>> 8) & 0xff)
    this.#byte(n & 0xff)
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  #byte(byte: number): void {
    if (this.#at === this.#bytes.length) this.#reserve(1)
    this.#bytes[this.#at++] = byte
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + length))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if (compareKeys(keys[i - 1] as string, keys[i] as string) > 0) return false
  return true
}

function encodeKey(key: string): Uint8Array {
  if (!isKey(key)) refuse('a key that is not allowed')
  const encoded = new Uint8Array(key.length < 24 ? 1 + key.length : 2 + key.length)
  encoded[0] = key.length < 24 ? 0x60 | key.length : 0x78
  if (key.length >= 24) encoded[1] = key.length
  for (let i = 0; i < key.length; i++) encoded[encoded.length - key.length + i] = key.charCodeAt(i)
  if (encodedKeys.size < MOST_KEYS) encodedKeys.set(key, encoded)
  return encoded
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

function hasLoneSurrogate(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0xd800 || unit > 0xdfff) continue
    const next = text.charCodeAt(i + 1)
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return true
    i++
  }
  return false
}

import type { Tree } from './mutate-tree.ts'

const MAX_DEPTH = 40

/**
 * The document that bytes of CBOR hold, taken as they come: order, repetition and length of heads do not matter. Written
 * apart from the reader under test, so that a fault there does not hide inputs. Undefined for what is not one document of
 * maps with text keys, lists, text, byte strings, integers, booleans and null.
 */
export function readLoosely(bytes: Uint8Array): Tree | undefined {
  const cursor = { bytes, at: 0 }
  const tree = read(cursor, 0)
  return tree === NOTHING || cursor.at !== bytes.length ? undefined : tree
}

const NOTHING = Symbol('no document')

interface Cursor {
  readonly bytes: Uint8Array
  at: number
}

const decoder = new TextDecoder()
const ASCII_LENGTH = 40

/** Names are short and ASCII for the most part, and quicker read here. */
function textOf(bytes: Uint8Array): string {
  if (bytes.length > ASCII_LENGTH) return decoder.decode(bytes)
  let text = ''
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    if (byte > 0x7f) return decoder.decode(bytes)
    text += String.fromCharCode(byte)
  }
  return text
}

function read(cursor: Cursor, depth: number): Tree {
  const head = cursor.bytes[cursor.at++]
  if (head === undefined || depth > MAX_DEPTH) return NOTHING
  const major = head >>> 5
  if (major === 7) return head === 0xf4 ? false : head === 0xf5 ? true : head === 0xf6 ? null : NOTHING
  const value = argument(cursor, head & 0x1f)
  if (value === undefined) return NOTHING
  if (major === 0) return simple(value)
  if (major === 1) return simple(-1n - BigInt(value))
  const length = Number(value)
  if (major === 6 || length > cursor.bytes.length - cursor.at) return NOTHING
  if (major < 4) {
    const held = cursor.bytes.subarray(cursor.at, (cursor.at += length))
    return major === 2 ? held : textOf(held)
  }
  return major === 4 ? list(cursor, length, depth) : map(cursor, length, depth)
}

function list(cursor: Cursor, length: number, depth: number): Tree {
  const items: Tree[] = []
  for (let i = 0; i < length; i++) {
    const item = read(cursor, depth + 1)
    if (item === NOTHING) return NOTHING
    items.push(item)
  }
  return items
}

function map(cursor: Cursor, length: number, depth: number): Tree {
  const fields: Record<string, Tree> = {}
  for (let i = 0; i < length; i++) {
    const key = read(cursor, depth + 1)
    const value = read(cursor, depth + 1)
    if (typeof key !== 'string' || value === NOTHING) return NOTHING
    if (key !== '__proto__') fields[key] = value
    else Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true })
  }
  return fields
}

function argument(cursor: Cursor, minor: number): number | bigint | undefined {
  if (minor < 24) return minor
  if (minor === 24) return cursor.bytes[cursor.at++] ?? 0
  if (minor > 27) return undefined
  const bytes = 1 << (minor - 24)
  let value = 0n
  for (let i = 0; i < bytes; i++) value = (value << 8n) | BigInt(cursor.bytes[cursor.at++] ?? 0)
  return value
}

function simple(value: number | bigint): number | bigint {
  const n = Number(value)
  return Number.isSafeInteger(n) ? n : value
}

/** A document in CBOR as {@link readLoosely} reads it: shortest heads, keys in canonical order, nothing checked. */
export function writeLoosely(tree: Tree): Uint8Array {
  const parts: Uint8Array[] = []
  write(tree, parts)
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const encoder = new TextEncoder()
const FLOAT = 0xfb

function write(tree: Tree, parts: Uint8Array[]): void {
  if (tree === null || tree === undefined || typeof tree === 'boolean') parts.push(Uint8Array.of(tree === true ? 0xf5 : tree === false ? 0xf4 : 0xf6))
  else if (typeof tree === 'number' && !Number.isSafeInteger(tree)) parts.push(Uint8Array.of(FLOAT), new Uint8Array(Float64Array.of(tree).buffer).reverse())
  else if (typeof tree === 'number' || typeof tree === 'bigint') parts.push(tree < 0 ? head(1, -1n - BigInt(tree)) : head(0, tree))
  else if (typeof tree === 'string') withHead(3, encoder.encode(tree), parts)
  else if (tree instanceof Uint8Array) withHead(2, tree, parts)
  else if (Array.isArray(tree)) {
    parts.push(head(4, tree.length))
    for (const item of tree) write(item, parts)
  } else {
    const fields = Object.entries(tree as Record<string, Tree>).map(([name, value]) => ({ name: encoder.encode(name), value }))
    fields.sort((a, b) => a.name.length - b.name.length || Buffer.compare(a.name, b.name))
    parts.push(head(5, fields.length))
    for (const { name, value } of fields) {
      withHead(3, name, parts)
      write(value, parts)
    }
  }
}

function withHead(major: number, held: Uint8Array, parts: Uint8Array[]): void {
  parts.push(head(major, held.length), held)
}

function head(major: number, value: number | bigint): Uint8Array {
  const first = major << 5
  if (value < 24) return Uint8Array.of(first | Number(value))
  if (value < 0x100) return Uint8Array.of(first | 24, Number(value))
  const bytes = value < 0x1_0000 ? 2 : value < 0x1_0000_0000 ? 4 : 8
  const written = Uint8Array.of(first | (24 + Math.log2(bytes)), ...new Uint8Array(bytes))
  for (let i = bytes, left = BigInt(value); i > 0; i--, left >>= 8n) written[i] = Number(left & 255n)
  return written
}

/**
 * Values in vectors, for any language: JSON as it is, but byte strings are `{"$bytes": "<hex>"}` and integers beyond
 * 2^53 - 1 are `{"$int": "<decimal>"}`.
 */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain }

export function toPlain(value: unknown): Plain {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('hex') }
  if (typeof value === 'bigint') return { $int: value.toString() }
  if (Array.isArray(value)) return value.map(toPlain)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]))
  }
  return value as Plain
}

export function fromPlain(plain: Plain): unknown {
  if (Array.isArray(plain)) return plain.map(fromPlain)
  if (typeof plain !== 'object' || plain === null) return plain
  const map = plain as { readonly [key: string]: Plain }
  if (typeof map.$bytes === 'string') return new Uint8Array(Buffer.from(map.$bytes, 'hex'))
  if (typeof map.$int === 'string') return BigInt(map.$int)
  return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, fromPlain(item)]))
}

/** A file of vectors: what it proves, and its cases. */
export interface VectorFile {
  readonly requirements: readonly string[]
  readonly about: string
  readonly cases: readonly { readonly [key: string]: Plain }[]
}

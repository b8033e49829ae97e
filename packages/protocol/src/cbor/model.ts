/** What canonical encodings are made of: no floats, no tags, no `undefined`. SPEC-ENC-1. */
export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue }

/** Deepest nesting of arrays and maps. SPEC-ENC-4. */
export const MAX_DEPTH = 32

/** Longest map key, in bytes. */
export const MAX_KEY_BYTES = 64

/** Whether a map may have this key: 1 to 64 printable ASCII characters, and not `__proto__`. SPEC-ENC-3. */
export function isKey(key: string): boolean {
  if (key.length === 0 || key.length > MAX_KEY_BYTES || key === '__proto__') return false
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i)
    if (unit < 0x20 || unit > 0x7e) return false
  }
  return true
}

/** DAG-CBOR's order of keys: the shorter first, then by bytes. */
export function compareKeys(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}

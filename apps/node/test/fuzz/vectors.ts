import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** All values under one name in the cases of a file of vectors. */
export function vectorValues(file: string, name: string): unknown[] {
  const path = fileURLToPath(new URL(`../../../../spec/vectors/${file}.json`, import.meta.url))
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { readonly cases: readonly Readonly<Record<string, unknown>>[] }
  const values = cases.map((each) => each[name]).filter((value) => value !== undefined)
  if (values.length === 0) throw new RangeError(`no case of ${file} has ${name}`)
  return values
}

/** Byte strings in hexadecimal. */
export function vectorBytes(file: string, name: string): Uint8Array[] {
  return vectorValues(file, name).map((value) => new Uint8Array(Buffer.from(String(value), 'hex')))
}

export function vectorTexts(file: string, name: string): Uint8Array[] {
  return vectorValues(file, name).map((value) => textBytes(typeof value === 'string' ? value : JSON.stringify(value)))
}

export function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Bytes as text, what is no UTF-8 replaced. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

import { isDeepStrictEqual } from 'node:util'
import type { Json } from './samples.ts'

/** What servers add, or write in their own way: numbers and times among them, so that those are compared by what they say. */
const SERVERS_OWN = new Set(['id', 'meta', 'text'])

/** Whether what was read says what was written, but for what a server gives itself. */
export function sameContent(written: Json, read: Json): boolean {
  return isDeepStrictEqual(contentOf(written, true), contentOf(read, true))
}

function contentOf(node: unknown, top = false): unknown {
  if (Array.isArray(node)) return node.map((item) => contentOf(item))
  if (typeof node === 'string') return /^\d{4}-\d\d-\d\dT/.test(node) ? Date.parse(node) : node
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(Object.entries(node).filter(([key]) => !top || !SERVERS_OWN.has(key)).map(([key, value]) => [key, contentOf(value)]))
}

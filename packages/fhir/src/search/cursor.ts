import { FhirError } from '../errors.ts'
import { isObject } from '../json.ts'
import type { PageStart } from './query.ts'

/**
 * Row numbers tell how much a node stores, hidden records included, so a cursor never leaves in the clear: the
 * gateway seals and opens it with a key of its own.
 */
export interface CursorCodec {
  readonly seal: (plain: string) => string
  /** The plain text, or undefined if it was not sealed here. */
  readonly open: (sealed: string) => string | undefined
}

/** The text that a `_cursor` parameter carries for a page start. */
export function formatCursor(start: PageStart, codec: CursorCodec): string {
  return codec.seal(JSON.stringify(start.by === 'row' ? { a: start.afterRid } : { o: start.offset, u: start.upTo ?? null }))
}

/** @throws FhirError ERR_FHIR_SEARCH_CURSOR_INVALID */
export function parseCursor(text: string, codec: CursorCodec): PageStart {
  const plain = codec.open(text)
  let value: unknown
  try {
    value = plain === undefined ? undefined : JSON.parse(plain)
  } catch {
    value = undefined
  }
  if (isObject(value)) {
    const { a, o, u } = value
    if (isIndex(a)) return { by: 'row', afterRid: a }
    if (isIndex(o) && (u === null || isIndex(u))) return u === null ? { by: 'offset', offset: o } : { by: 'offset', offset: o, upTo: u }
  }
  throw new FhirError('ERR_FHIR_SEARCH_CURSOR_INVALID', { parameter: '_cursor' })
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

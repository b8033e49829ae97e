import * as v from 'valibot'
import { readCbor } from './cbor/read.ts'
import { readShaped, REFUSED } from './cbor/shaped.ts'
import { writeCbor } from './cbor/write.ts'
import { ProtocolError } from './errors.ts'

/** Largest input of {@link decodeCanonical}, in bytes: a block. SPEC-ENC-4. */
export const MAX_CANONICAL_BYTES = 64 * 1024 * 1024

/**
 * Canonical DAG-CBOR of a value made of plain maps, arrays, text, byte strings, integers, booleans and null. SPEC-ENC-1.
 * @throws ProtocolError `ERR_PROTOCOL_ENCODING` for anything else (floats, -0, `undefined`, class instances, odd keys),
 * `ERR_PROTOCOL_LIMIT` for nesting deeper than 32
 */
export function encodeCanonical(value: unknown): Uint8Array {
  return writeCbor(value)
}

/**
 * Decodes strictly: only the bytes that {@link encodeCanonical} writes, and only what the schema names. Floats, unsorted
 * or repeated keys, indefinite lengths, longer heads than needed, tags, unknown fields are refused. SPEC-ENC-2.
 * @throws ProtocolError `ERR_PROTOCOL_LIMIT`, `ERR_PROTOCOL_ENCODING`, `ERR_PROTOCOL_NOT_CANONICAL`, `ERR_PROTOCOL_SCHEMA`
 */
export function decodeCanonical<T>(schema: v.GenericSchema<unknown, T>, bytes: Uint8Array, maxBytes = MAX_CANONICAL_BYTES): T {
  if (bytes.length > maxBytes) throw new ProtocolError('ERR_PROTOCOL_LIMIT', 'too many bytes')
  const shaped = quickly(schema, bytes)
  return shaped === REFUSED ? checkSchema(schema, readCbor(bytes)) : shaped
}

/** What is good is read quickly; what is not is read again, to say what is wrong with it. */
function quickly<T>(schema: v.GenericSchema<unknown, T>, bytes: Uint8Array): T | typeof REFUSED {
  try {
    return readShaped(schema, bytes)
  } catch (error) {
    if (error instanceof ProtocolError) return REFUSED
    throw error
  }
}

/**
 * What a builder hands over, checked against the schema before it is encoded.
 * @throws ProtocolError `ERR_PROTOCOL_SCHEMA`, naming the field and never the value
 */
export function checkSchema<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const parsed = v.safeParse(schema, value, { abortEarly: true })
  if (parsed.success) return parsed.output
  const issue = parsed.issues[0]
  // An unknown key is the sender's word, and may be anything.
  const path = issue.expected === 'never' ? null : v.getDotPath(issue)
  throw new ProtocolError('ERR_PROTOCOL_SCHEMA', path === null ? 'unexpected shape' : `unexpected shape at ${path}`)
}

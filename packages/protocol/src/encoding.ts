import { decode as cborDecode, encode as cborEncode } from '@ipld/dag-cbor'
import * as v from 'valibot'
import { equalBytes } from './bytes.ts'
import { ProtocolError } from './errors.ts'

/** Canonical DAG-CBOR of a value made of maps, arrays, strings, byte strings, integers, booleans and null. SPEC-ENC-1. */
export function encodeCanonical(value: unknown): Uint8Array {
  return cborEncode(value)
}

/**
 * Decodes strictly: DAG-CBOR, then the schema, then the encoding of what the schema let through must be the same
 * bytes. Floats, unsorted or repeated keys, indefinite lengths and unknown fields are refused. SPEC-ENC-2.
 * @throws ProtocolError `ERR_PROTOCOL_ENCODING`, `ERR_PROTOCOL_SCHEMA`, `ERR_PROTOCOL_NOT_CANONICAL`
 */
export function decodeCanonical<T>(schema: v.GenericSchema<unknown, T>, bytes: Uint8Array): T {
  let raw: unknown
  try {
    raw = cborDecode(bytes)
  } catch (cause) {
    throw new ProtocolError('ERR_PROTOCOL_ENCODING', 'not DAG-CBOR', { cause })
  }
  const parsed = v.safeParse(schema, raw, { abortEarly: true })
  if (!parsed.success) {
    const path = v.getDotPath(parsed.issues[0]) ?? ''
    throw new ProtocolError('ERR_PROTOCOL_SCHEMA', `unexpected shape${path ? ` at ${path}` : ''}`)
  }
  if (!equalBytes(encodeCanonical(parsed.output), bytes)) {
    throw new ProtocolError('ERR_PROTOCOL_NOT_CANONICAL', 'the encoding is not canonical')
  }
  return parsed.output
}

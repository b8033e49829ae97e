import type * as v from 'valibot'
import { checkSchema, decodeCanonical, encodeCanonical } from '@chiron/protocol'
import { binary, text, toJson, type ByteSchemas } from './byte-schemas.ts'
import { ProofError, type ProofErrorCode } from './errors.ts'

/** One document in its two forms. */
export interface DocumentFormat<T> {
  encode(document: T): Uint8Array
  decode(bytes: Uint8Array): T
  toJson(document: T): unknown
  fromJson(json: unknown): T
}

/** Canonical CBOR and JSON for one shape; both refuse unknown fields with `code`. */
export function defineDocument<T>(shape: (bytes: ByteSchemas) => v.GenericSchema<unknown, T>, code: ProofErrorCode): DocumentFormat<T> {
  const binaryShape = shape(binary)
  const textShape = shape(text)
  const strictly = <R>(read: () => R): R => {
    try {
      return read()
    } catch (cause) {
      throw new ProofError(code, 'not a document of this format', { cause })
    }
  }
  return {
    encode: (document) => encodeCanonical(document),
    decode: (bytes) => strictly(() => decodeCanonical(binaryShape, bytes)),
    toJson: (document) => toJson(document),
    fromJson: (json) => strictly(() => checkSchema(textShape, json)),
  }
}

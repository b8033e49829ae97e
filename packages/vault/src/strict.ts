import { decodeCanonical, ProtocolError, schema as shapes } from '@chiron/protocol'
import * as v from 'valibot'
import { VaultError, type VaultErrorCode } from './errors.ts'

/** A byte string of any length. */
export const anyBytes = v.instance(Uint8Array) as v.GenericSchema<unknown, Uint8Array>

/** An integer from 1 that fits 32 bits: versions and set numbers are hashed and stored as such. */
export const ordinal = v.pipe(shapes.uint, v.minValue(1), v.maxValue(0xffff_ffff))

/** Strict decoding (SPEC-ENC-2) that refuses with a code of this package. */
export function decodeStrict<T>(schema: v.GenericSchema<unknown, T>, bytes: Uint8Array, code: VaultErrorCode, what: string): T {
  try {
    return decodeCanonical(schema, bytes)
  } catch (cause) {
    if (cause instanceof ProtocolError) throw new VaultError(code, `not ${what}`, { cause })
    throw cause
  }
}

import * as v from 'valibot'
import type { Handle, TxId } from '@chiron/protocol'
import { fromBase64url, toBase64url } from './base64url.ts'

type Bytes<T extends Uint8Array = Uint8Array> = v.GenericSchema<unknown, T>

/** How byte strings stand in a document: as they are in canonical CBOR, as base64url text in JSON. */
export interface ByteSchemas {
  readonly bytes: Bytes
  readonly hash32: Bytes
  readonly signature: Bytes
  readonly handle: Bytes<Handle>
  readonly txId: Bytes<TxId>
}

function ofLengths(bytes: Bytes): ByteSchemas {
  const exactly = <T extends Uint8Array>(length: number): Bytes<T> => v.pipe(bytes, v.check((b) => b.length === length)) as Bytes as Bytes<T>
  return { bytes, hash32: exactly(32), signature: exactly(64), handle: exactly<Handle>(32), txId: exactly<TxId>(32) }
}

export const binary: ByteSchemas = ofLengths(v.instance(Uint8Array))

export const text: ByteSchemas = ofLengths(
  v.pipe(v.string(), v.check((s) => fromBase64url(s) !== undefined), v.transform((s) => fromBase64url(s) as Uint8Array)),
)

/** The same document with byte strings as base64url text, for `JSON.stringify`. */
export function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64url(value)
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]))
}

import * as v from 'valibot'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { concatBytes, sha256, utf8 } from './bytes.ts'
import { decodeCanonical, encodeCanonical } from './encoding.ts'
import type { TxId } from './ids.ts'
import { message } from './messages/index.ts'
import { did, keyId, listOf, signature, timeMs } from './schema.ts'

/** Longest time between block time and `validUntil`, in milliseconds. SPEC-TX-4. */
export const MAX_TX_LIFETIME_MS = 600_000
/** Largest transaction in bytes, signature included. SPEC-TX-5. */
export const MAX_TX_BYTES = 4 * 1024 * 1024

const chainId = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]{2,47}$/))

/** The unsigned body. Its SHA-256 names the transaction and makes it unique until `validUntil`. SPEC-TX-1. */
export const txBody = v.strictObject({
  chainId,
  signer: did,
  keyId,
  messages: listOf(message, 64, 1),
  validUntil: timeMs,
})
export type TxBody = v.InferOutput<typeof txBody>

/** A body's canonical bytes, and the Ed25519 signature (64 bytes) over {@link signingBytes}. */
export const signedTx = v.strictObject({ body: v.instance(Uint8Array), signature })
export type SignedTx = v.InferOutput<typeof signedTx>

export interface DecodedTx {
  readonly id: TxId
  readonly body: TxBody
  readonly bodyBytes: Uint8Array
  readonly signature: Uint8Array
}

/** What is signed: `chiron/tx/v1`, a zero byte, and the body's canonical bytes. SPEC-TX-2. */
export function signingBytes(bodyBytes: Uint8Array): Uint8Array {
  return concatBytes(utf8('chiron/tx/v1\0'), bodyBytes)
}

export function txIdOf(bodyBytes: Uint8Array): TxId {
  return sha256(bodyBytes) as TxId
}

/** The transaction id as a CIDv1 (dag-cbor, sha2-256). */
export function txCid(id: TxId): CID {
  return CID.createV1(0x71, Digest.create(0x12, new Uint8Array(id)))
}

export function encodeTx(bodyBytes: Uint8Array, signatureBytes: Uint8Array): Uint8Array {
  return encodeCanonical({ body: bodyBytes, signature: signatureBytes } satisfies SignedTx)
}

/** Strict decoding of both layers. @throws ProtocolError as {@link decodeCanonical}. */
export function decodeTx(bytes: Uint8Array): DecodedTx {
  const outer = decodeCanonical(signedTx, bytes)
  const body = decodeCanonical(txBody, outer.body)
  return { id: txIdOf(outer.body), body, bodyBytes: outer.body, signature: outer.signature }
}

import * as v from 'valibot'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { concatBytes, sha256, utf8 } from './bytes.ts'
import { decodeCanonical, encodeCanonical } from './encoding.ts'
import { ProtocolError } from './errors.ts'
import type { TxId } from './ids.ts'
import { message } from './messages/index.ts'
import { chainId, did, keyId, listOf, signature, timeMs } from './schema.ts'

/** Longest time between block time and `validUntil`, in milliseconds. SPEC-TX-4. */
export const MAX_TX_LIFETIME_MS = 600_000
/** Largest transaction in bytes, signature included. SPEC-TX-5. */
export const MAX_TX_BYTES = 4 * 1024 * 1024

const DAG_CBOR = 0x71
const SHA2_256 = 0x12

/** The unsigned body. Its SHA-256 names the transaction and makes it unique until `validUntil`. SPEC-TX-1. */
export const txBody = v.strictObject({
  chainId,
  signer: did,
  keyId,
  messages: listOf(message, 64, 1),
  validUntil: timeMs,
})
export type TxBody = v.InferOutput<typeof txBody>

/** A body's canonical bytes, and the Ed25519 signature (64 bytes) over {@link signingBytes}. SPEC-TX-2. */
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

/** The transaction id as a CIDv1 (dag-cbor 0x71, sha2-256 0x12) in base32: `bafyrei…`. SPEC-TX-6. */
export function formatTxCid(id: TxId): string {
  return CID.createV1(DAG_CBOR, Digest.create(SHA2_256, new Uint8Array(id))).toString()
}

/** @throws ProtocolError `ERR_PROTOCOL_ID` for text that {@link formatTxCid} does not write */
export function parseTxCid(text: string): TxId {
  try {
    const id = CID.parse(text).multihash.digest as TxId
    if (id.length === 32 && formatTxCid(id) === text) return id
  } catch (cause) {
    throw new ProtocolError('ERR_PROTOCOL_ID', 'not a transaction id', { cause })
  }
  throw new ProtocolError('ERR_PROTOCOL_ID', 'not a transaction id')
}

export function encodeTx(bodyBytes: Uint8Array, signatureBytes: Uint8Array): Uint8Array {
  return encodeCanonical({ body: bodyBytes, signature: signatureBytes })
}

/**
 * Strict decoding of both layers. Checks no signature. An engine may pass the platform's faster SHA-256 as `hash`.
 * @throws ProtocolError as {@link decodeCanonical}; `ERR_PROTOCOL_LIMIT` beyond {@link MAX_TX_BYTES}
 */
export function decodeTx(bytes: Uint8Array, hash: (data: Uint8Array) => Uint8Array = sha256): DecodedTx {
  const outer = decodeCanonical(signedTx, bytes, MAX_TX_BYTES)
  const body = decodeCanonical(txBody, outer.body, MAX_TX_BYTES)
  return { id: hash(outer.body) as TxId, body, bodyBytes: outer.body, signature: outer.signature }
}

import * as v from 'valibot'
import { concatBytes, sha256, utf8 } from './bytes.ts'
import { Reader } from './cbor/read.ts'
import { writeCbor } from './cbor/write.ts'
import { checkSchema, decodeCanonical, encodeCanonical } from './encoding.ts'
import { chainId, did, hash32, signature, timeMs, uint } from './schema.ts'
import { merkleRoot } from './merkle.ts'

/**
 * Header of an embedded block. `previous` is the hash of the header before (32 zero bytes for the first), `txRoot` the
 * RFC 9162 root over the transactions' ids, `appHash` the state after execution ({@link appHash}). SPEC-BLK-1.
 */
export const blockHeader = v.strictObject({
  chainId,
  height: uint,
  timeMs,
  previous: hash32,
  txRoot: hash32,
  appHash: hash32,
})
export type BlockHeader = v.InferOutput<typeof blockHeader>

/** A header's canonical bytes, who signed, and the Ed25519 signature over {@link headerSigningBytes}. SPEC-BLK-2. */
export const signedHeader = v.strictObject({ header: v.instance(Uint8Array), signer: did, signature })
export type SignedHeader = v.InferOutput<typeof signedHeader>

/** A signed header and the encoded transactions. SPEC-BLK-4. */
export const signedBlock = v.strictObject({ ...signedHeader.entries, txs: v.array(v.instance(Uint8Array)) })
export type SignedBlock = v.InferOutput<typeof signedBlock>

const TXS = writeCbor('txs')
const HEADER = writeCbor('header')
const SIGNER = writeCbor('signer')
const SIGNATURE = writeCbor('signature')

/**
 * The signed header of an encoded {@link signedBlock}. As strict as decoding all of it, but for what the transactions are:
 * they are stepped over. @throws ProtocolError as `decodeCanonical`
 */
export function decodeSignedHeader(bytes: Uint8Array): SignedHeader {
  return headerAfterTxs(new Reader(bytes)) ?? decodeCanonical(signedBlock, bytes)
}

function headerAfterTxs(reader: Reader): SignedHeader | undefined {
  if (reader.takeHead(5) !== 4 || !reader.takeBytes(TXS)) return undefined
  const count = reader.takeHead(4)
  if (count === undefined) return undefined
  for (let i = 0; i < count; i++) if (!reader.skipByteString()) return undefined
  const header = reader.takeBytes(HEADER) ? reader.takeByteString() : undefined
  const signer = reader.takeBytes(SIGNER) ? reader.takeText() : undefined
  const signature = reader.takeBytes(SIGNATURE) ? reader.takeByteString() : undefined
  reader.end()
  return checkSchema(signedHeader, { header, signer, signature })
}

export function headerSigningBytes(headerBytes: Uint8Array): Uint8Array {
  return concatBytes(utf8('chiron/block/v1\0'), headerBytes)
}

/** SHA-256 of the header's canonical bytes: what the next header's `previous` holds. */
export function headerHash(headerBytes: Uint8Array): Uint8Array {
  return sha256(headerBytes)
}

export function encodeHeader(header: BlockHeader): Uint8Array {
  return encodeCanonical(header)
}

export function decodeHeader(bytes: Uint8Array): BlockHeader {
  return decodeCanonical(blockHeader, bytes)
}

export function txRootOf(txIds: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(txIds)
}

/** The two roots under an app hash: the facts' tree, and the transaction log with its size. */
export const appState = v.strictObject({ stateRoot: hash32, logRoot: hash32, logSize: uint })
export type AppState = v.InferOutput<typeof appState>

/** SHA-256(`chiron/app/v1` ‖ stateRoot ‖ logRoot ‖ logSize as big-endian u64). SPEC-BLK-3. */
export function appHash(state: AppState): Uint8Array {
  const size = new Uint8Array(8)
  new DataView(size.buffer).setBigUint64(0, BigInt(state.logSize))
  return sha256(concatBytes(utf8('chiron/app/v1'), state.stateRoot, state.logRoot, size))
}

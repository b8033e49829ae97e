import * as v from 'valibot'
import { schema } from '@chiron/protocol'
import type { ByteSchemas } from './byte-schemas.ts'
import { defineDocument } from './document.ts'

function trustShape(bytes: ByteSchemas) {
  return v.strictObject({
    chainId: schema.chainId,
    genesisHash: v.exactOptional(bytes.hash32),
    signers: v.pipe(v.array(v.strictObject({ did: schema.did, publicKey: bytes.hash32 })), v.minLength(1)),
  })
}

/**
 * What a verifier believes before it reads any proof: the chain, and who signs its headers with which Ed25519 key (32
 * bytes; one signer may have several). It comes from the verifier's side, never out of a receipt. SPEC-PROOF-1.
 */
export type Trust = v.InferOutput<ReturnType<typeof trustShape>>

const format = defineDocument<Trust>(trustShape, 'ERR_PROOF_TRUST')

/** The content of a trust file, byte strings as base64url. */
export function trustToJson(trust: Trust): unknown {
  return format.toJson(trust)
}

/** @throws ProofError `ERR_PROOF_TRUST` */
export function parseTrust(json: unknown): Trust {
  return format.fromJson(json)
}

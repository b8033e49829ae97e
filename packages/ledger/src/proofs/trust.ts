import * as v from 'valibot'
import { schema, toHex } from '@chiron/protocol'
import type { ByteSchemas } from './byte-schemas.ts'
import { defineDocument } from './document.ts'
import { parseVerifierKey, SignatureType } from './tlog/note.ts'

/**
 * Which witnesses' word counts, by their verifier keys (cosignature/v1), and how many of them must have cosigned. Several
 * keys of one name or one public key would be one witness counted twice.
 */
const witnesses = v.pipe(
  v.strictObject({ quorum: v.pipe(schema.uint, v.minValue(1)), keys: v.array(v.pipe(v.string(), v.maxLength(512), v.check(isWitnessKey))) }),
  v.check(({ quorum, keys }) => quorum <= keys.length && areDistinct(keys)),
)
export type WitnessPolicy = v.InferOutput<typeof witnesses>

function isWitnessKey(text: string): boolean {
  try {
    return parseVerifierKey(text).type === SignatureType.cosignature
  } catch {
    return false
  }
}

function areDistinct(keys: readonly string[]): boolean {
  const parsed = keys.map(parseVerifierKey)
  return [parsed.map(({ name }) => name), parsed.map(({ publicKey }) => toHex(publicKey))].every((each) => new Set(each).size === keys.length)
}

function trustShape(bytes: ByteSchemas) {
  return v.strictObject({
    chainId: schema.chainId,
    genesisHash: v.exactOptional(bytes.hash32),
    signers: v.pipe(v.array(v.strictObject({ did: schema.did, publicKey: bytes.hash32 })), v.minLength(1)),
    witnesses: v.exactOptional(witnesses),
  })
}

/**
 * What a verifier believes before it reads any proof: the chain, and who signs its headers with which Ed25519 key (32
 * bytes; one signer may have several); for checkpoints also which witnesses. It comes from the verifier's side, never out of a receipt. SPEC-PROOF-1.
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

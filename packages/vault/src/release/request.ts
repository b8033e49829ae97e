import { concatBytes, encodeCanonical, schema, sha256, utf8 } from '@chiron/protocol'
import * as v from 'valibot'
import { VaultError } from '../errors.ts'
import { isKemPublicKey } from '../hpke/suites.ts'
import { anyBytes, decodeStrict, ordinal } from '../strict.ts'

/** Record versions that one request may name. */
export const MAX_RELEASE_RECORDS = 5000

/**
 * Asks keyholders for their shares of record versions, under an access that is open on the ledger. `gateway` signs: the
 * organisation that the access names, or the patient who reads through none; `reader` the person it names. Shares are sealed to `recipient`. The request ends at
 * `validUntil` (block time, Unix ms), at most 10 minutes ahead. SPEC-REL-1.
 */
export const releaseRequest = v.strictObject({
  v: v.literal(1),
  chainId: v.string(),
  access: schema.objectId,
  reader: schema.did,
  gateway: schema.did,
  records: schema.listOf(v.strictTuple([schema.recordId, ordinal]), MAX_RELEASE_RECORDS, 1),
  recipient: v.strictObject({ suite: v.picklist(['x-wing', 'x25519']), key: anyBytes }),
  nonce: schema.salt,
  validUntil: schema.timeMs,
})
export type ReleaseRequest = v.InferOutput<typeof releaseRequest>

/** A request's canonical bytes, and the gateway's Ed25519 signature over {@link releaseRequestBytes}. SPEC-REL-2. */
export const signedReleaseRequest = v.strictObject({ body: anyBytes, signature: schema.signature })

export interface DecodedReleaseRequest {
  readonly request: ReleaseRequest
  readonly body: Uint8Array
  readonly signature: Uint8Array
  /** SHA-256 of `body`: what responses name. */
  readonly hash: Uint8Array
}

/** What the gateway signs: `chiron/release-request/v1`, zero, and the canonical bytes of the request. SPEC-REL-2. */
export function releaseRequestBytes(body: Uint8Array): Uint8Array {
  return concatBytes(utf8('chiron/release-request/v1\0'), body)
}

/** Signs a request. `sign` gives an Ed25519 signature by the gateway's current key. */
export async function signReleaseRequest(
  request: ReleaseRequest,
  sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Promise<{ readonly bytes: Uint8Array; readonly hash: Uint8Array }> {
  const body = encodeCanonical(request)
  return { bytes: encodeCanonical({ body, signature: await sign(releaseRequestBytes(body)) }), hash: sha256(body) }
}

/** Decodes without checking the signature. @throws VaultError `ERR_VAULT_MESSAGE_INVALID` */
export function decodeReleaseRequest(bytes: Uint8Array): DecodedReleaseRequest {
  const { body, signature } = decodeStrict(signedReleaseRequest, bytes, 'ERR_VAULT_MESSAGE_INVALID', 'a signed release request')
  const request = decodeStrict(releaseRequest, body, 'ERR_VAULT_MESSAGE_INVALID', 'a release request')
  if (!isKemPublicKey(request.recipient)) throw new VaultError('ERR_VAULT_MESSAGE_INVALID', 'not a release request: recipient key')
  return { request, body, signature, hash: sha256(body) }
}

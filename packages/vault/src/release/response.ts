import { concatBytes, encodeCanonical, equalBytes, schema, utf8, type Did } from '@chiron/protocol'
import * as v from 'valibot'
import { SHARE_BYTES } from '../custody/shares.ts'
import { VaultError } from '../errors.ts'
import { hpkeOpen, hpkeSeal, type KemKeyPair, type KemPublicKey } from '../hpke/suites.ts'
import type { Random } from '../random.ts'
import { anyBytes, decodeStrict, ordinal } from '../strict.ts'
import { MAX_RELEASE_RECORDS } from './request.ts'

/** Why a keyholder did not release one record of a request. */
export const refusalCode = v.picklist(['ERR_VAULT_NO_ACCESS', 'ERR_VAULT_SHARE_ABSENT', 'ERR_VAULT_STORE_CORRUPT'])
export type RefusalCode = v.InferOutput<typeof refusalCode>

/** Position in the request, custody set, the keyholder's index in it, its share, all share commitments (32 bytes each). */
const releasedShare = v.strictTuple([schema.uint, ordinal, schema.uint, schema.bytesOf(SHARE_BYTES), anyBytes])
export type ReleasedShare = v.InferOutput<typeof releasedShare>
const releasedShares = schema.listOf(releasedShare, MAX_RELEASE_RECORDS)

/**
 * One keyholder's answer: all its shares in one HPKE seal to the request's recipient, bound by `info` to keyholder and
 * request; and what it refused, by position. SPEC-REL-3.
 */
export const releaseResponse = v.strictObject({
  v: v.literal(1),
  keyholder: schema.did,
  request: schema.hash32,
  enc: anyBytes,
  sealed: anyBytes,
  refused: schema.listOf(v.strictTuple([schema.uint, refusalCode]), MAX_RELEASE_RECORDS),
})
export type ReleaseResponse = v.InferOutput<typeof releaseResponse>

const signedReleaseResponse = v.strictObject({ body: anyBytes, signature: schema.signature })

/** What the keyholder signs: `chiron/release-response/v1`, zero, and the canonical bytes of the response. SPEC-REL-4. */
export function releaseResponseBytes(body: Uint8Array): Uint8Array {
  return concatBytes(utf8('chiron/release-response/v1\0'), body)
}

/** HPKE `info` of a release: `chiron/release/v1`, zero, canonical bytes of keyholder and request hash. SPEC-REL-3. */
function releaseInfo(keyholder: Did, request: Uint8Array): Uint8Array {
  return concatBytes(utf8('chiron/release/v1\0'), encodeCanonical({ keyholder, request }))
}

/** Seals and signs a keyholder's answer to the request with this hash. */
export async function sealReleaseResponse(
  answer: { keyholder: Did; request: Uint8Array; recipient: KemPublicKey; shares: readonly ReleasedShare[]; refused: ReleaseResponse['refused'] },
  dependencies: { sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>; random: Random },
): Promise<Uint8Array> {
  const { keyholder, request, recipient, shares, refused } = answer
  const { enc, ciphertext } = await hpkeSeal(recipient, releaseInfo(keyholder, request), encodeCanonical(shares), dependencies.random)
  const body = encodeCanonical({ v: 1, keyholder, request, enc, sealed: ciphertext, refused } satisfies ReleaseResponse)
  return encodeCanonical({ body, signature: await dependencies.sign(releaseResponseBytes(body)) })
}

export interface OpenedResponse {
  readonly shares: readonly ReleasedShare[]
  readonly refused: ReleaseResponse['refused']
}

/**
 * Checks who answered which request, and opens the shares; it does not judge them.
 * @throws VaultError `ERR_VAULT_MESSAGE_INVALID`, `ERR_VAULT_WRONG_RECIPIENT` (another keyholder or request),
 * `ERR_VAULT_SIGNATURE`
 */
export async function openReleaseResponse(
  bytes: Uint8Array,
  expected: { keyholder: Did; signingKey: Uint8Array; request: Uint8Array; recipient: KemKeyPair },
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean,
): Promise<OpenedResponse> {
  const { body, signature } = decodeStrict(signedReleaseResponse, bytes, 'ERR_VAULT_MESSAGE_INVALID', 'a signed release response')
  const response = decodeStrict(releaseResponse, body, 'ERR_VAULT_MESSAGE_INVALID', 'a release response')
  if (response.keyholder !== expected.keyholder || !equalBytes(response.request, expected.request)) {
    throw new VaultError('ERR_VAULT_WRONG_RECIPIENT', 'a response of another keyholder or to another request')
  }
  if (!verify(expected.signingKey, releaseResponseBytes(body), signature)) {
    throw new VaultError('ERR_VAULT_SIGNATURE', 'the release response is not signed by the keyholder')
  }
  const plain = await hpkeOpen(expected.recipient, releaseInfo(response.keyholder, response.request), { enc: response.enc, ciphertext: response.sealed })
  return { shares: decodeStrict(releasedShares, plain, 'ERR_VAULT_MESSAGE_INVALID', 'released shares'), refused: response.refused }
}

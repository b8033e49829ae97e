import * as v from 'valibot'
import { concatBytes, utf8 } from './bytes.ts'
import { identityClaim } from './messages/identity.ts'
import { chainId, did, hash32, key32, keyId, listOf, salt, signature, timeMs } from './schema.ts'

/** What wallets send to `/{org}/chiron/…` besides transactions: canonical CBOR, decoded strictly. SPEC-WAL-1. */

/** Asks an organisation's gateway for a session; ends at `validUntil`, at most five minutes ahead of block time. SPEC-WAL-2. */
export const walletSession = v.strictObject({ v: v.literal(1), chainId, did, keyId, gateway: did, nonce: salt, validUntil: timeMs })
export type WalletSession = v.InferOutput<typeof walletSession>

/** A request's canonical bytes, and the Ed25519 signature over {@link walletSessionBytes} by the wallet's current key. */
export const signedWalletSession = v.strictObject({ body: v.instance(Uint8Array), signature })

/** What the wallet signs: `chiron/wallet-session/v1`, zero, and the canonical bytes of the request. SPEC-WAL-2. */
export function walletSessionBytes(body: Uint8Array): Uint8Array {
  return concatBytes(utf8('chiron/wallet-session/v1\0'), body)
}

const { type: _type, salt: _salt, ...claimed } = identityClaim.entries

/** A claim that a member shall relay: the message without its salt, and the claim key that it answers to. */
export const walletClaim = v.strictObject({ ...claimed, claimKey: key32 })
export type WalletClaim = v.InferOutput<typeof walletClaim>

/** Envelopes that one request may name. */
export const MAX_WALLET_ENVELOPES = 500

/** Asks for envelopes by their SHA-256. */
export const walletEnvelopes = v.strictObject({ ciphertexts: listOf(hash32, MAX_WALLET_ENVELOPES, 1) })

/** Copies that one request may bring. */
export const MAX_WALLET_COPIES = 5000

/** Brings copies of content keys, each for an envelope by its SHA-256. */
export const walletCopies = v.strictObject({
  copies: listOf(v.strictObject({ ciphertext: hash32, bytes: v.instance(Uint8Array) }), MAX_WALLET_COPIES, 1),
})

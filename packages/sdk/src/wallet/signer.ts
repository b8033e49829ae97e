import { ed25519PublicKey, signEd25519 } from '@chiron/protocol'
import { SdkError } from '../errors.ts'
import type { SecretBytes } from './secret-bytes.ts'

/** Signs with one Ed25519 key and never shows it. */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** Ed25519 signature (RFC 8032), 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/** A signer in plain JavaScript (@noble/curves), for a key that is kept as a 32-byte seed. */
export function createSeedSigner(seed: SecretBytes): Signer {
  if (seed.length !== 32) throw new SdkError('ERR_SDK_WALLET', 'an Ed25519 seed has 32 bytes')
  return {
    publicKey: ed25519PublicKey(seed.reveal()),
    sign: async (message) => signEd25519(seed.reveal(), message),
  }
}

/**
 * A signer whose key the platform keeps: it cannot be read out, so there is no copy of it. The pair may be stored in
 * IndexedDB, and given here again.
 */
export async function createPlatformSigner(pair?: CryptoKeyPair): Promise<Signer & { readonly pair: CryptoKeyPair }> {
  const keys = pair ?? ((await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair)
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey))
  return {
    pair: keys,
    publicKey,
    sign: async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', keys.privateKey, new Uint8Array(message))),
  }
}

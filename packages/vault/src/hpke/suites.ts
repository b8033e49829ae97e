import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { XWing } from '@hpke/hybridkem-x-wing'
import { x25519PublicKey } from '@chiron/protocol'
import { owned } from '../aead.ts'
import { VaultError } from '../errors.ts'
import type { Random } from '../random.ts'

/**
 * Named HPKE suites (RFC 9180), all with HKDF-SHA256 and AES-256-GCM. `x-wing`: X25519 and ML-KEM-768
 * (draft-connolly-cfrg-xwing-kem); `x25519`: DHKEM(X25519, HKDF-SHA256). SPEC-HPKE-1.
 */
export type KemSuite = 'x-wing' | 'x25519'

/** One seal costs about 3 ms (x25519: 1 ms), paid once per session or per release: the hybrid is worth it. */
export const DEFAULT_KEM_SUITE: KemSuite = 'x-wing'

interface SuiteFacts {
  readonly suite: CipherSuite
  readonly publicKeyBytes: number
  readonly encBytes: number
  /** Randomness that an encapsulation takes. */
  readonly ekmBytes: number
}

const hkdfAndAead = () => ({ kdf: new HkdfSha256(), aead: new Aes256Gcm() })
const SUITES: Readonly<Record<KemSuite, SuiteFacts>> = {
  'x-wing': { suite: new CipherSuite({ kem: new XWing(), ...hkdfAndAead() }), publicKeyBytes: 1216, encBytes: 1120, ekmBytes: 64 },
  x25519: { suite: new CipherSuite({ kem: new DhkemX25519HkdfSha256(), ...hkdfAndAead() }), publicKeyBytes: 32, encBytes: 32, ekmBytes: 32 },
}
const SECRET_BYTES = 32

type PrivateKey = Awaited<ReturnType<CipherSuite['kem']['deriveKeyPair']>>['privateKey']

/** A key pair to seal to. `publicKey` has 1216 bytes (x-wing) or 32 (x25519). */
export interface KemKeyPair {
  readonly suite: KemSuite
  readonly publicKey: Uint8Array
  readonly privateKey: PrivateKey
}

/** The public half, as it travels. */
export interface KemPublicKey {
  readonly suite: KemSuite
  readonly key: Uint8Array
}

/** The key pair that DeriveKeyPair (RFC 9180 §4) makes of 32 secret bytes: the same ones give the same pair. */
export async function deriveKemKeyPair(suite: KemSuite, secret: Uint8Array): Promise<KemKeyPair> {
  if (secret.length !== SECRET_BYTES) throw new VaultError('ERR_VAULT_PARAMETERS', 'a key pair is derived from 32 bytes')
  const { kem } = SUITES[suite].suite
  const pair = await kem.deriveKeyPair(owned(secret))
  return { suite, publicKey: new Uint8Array(await kem.serializePublicKey(pair.publicKey)), privateKey: pair.privateKey }
}

/** The pair of an X25519 secret (RFC 7748, 32 bytes) as it stands: the public half is the agreement key of a DID document. */
export async function importX25519KeyPair(secret: Uint8Array): Promise<KemKeyPair> {
  if (secret.length !== SECRET_BYTES) throw new VaultError('ERR_VAULT_PARAMETERS', 'an X25519 secret has 32 bytes')
  const { kem } = SUITES.x25519.suite
  const privateKey = await kem.importKey('raw', new Uint8Array(secret).buffer, false)
  return { suite: 'x25519', publicKey: x25519PublicKey(secret), privateKey }
}

/** Whether the key has the length of its suite's public keys. */
export function isKemPublicKey({ suite, key }: KemPublicKey): boolean {
  return key.length === SUITES[suite].publicKeyBytes
}

export interface HpkeSealed {
  readonly enc: Uint8Array
  readonly ciphertext: Uint8Array
}

/** One-shot base mode seal (RFC 9180 §6.1) with empty associated data: bind everything in `info`. */
export async function hpkeSeal(to: KemPublicKey, info: Uint8Array, plaintext: Uint8Array, random: Random): Promise<HpkeSealed> {
  const context = await senderContext(to, info, random)
  return { enc: new Uint8Array(context.enc), ciphertext: new Uint8Array(await context.seal(owned(plaintext))) }
}

/** @throws VaultError `ERR_VAULT_MESSAGE_INVALID` when it was sealed to another key, for another `info`, or changed */
export async function hpkeOpen(keys: KemKeyPair, info: Uint8Array, sealed: HpkeSealed): Promise<Uint8Array> {
  try {
    const context = await recipientContext(keys, info, sealed.enc)
    return new Uint8Array(await context.open(owned(sealed.ciphertext)))
  } catch (cause) {
    throw notOpened(cause)
  }
}

/** Encapsulates, and exports a secret of 32 bytes (RFC 9180 §5.3) under `label`: the key of a session. */
export async function sendSecret(to: KemPublicKey, info: Uint8Array, label: Uint8Array, random: Random): Promise<{ enc: Uint8Array; secret: Uint8Array }> {
  const context = await senderContext(to, info, random)
  return { enc: new Uint8Array(context.enc), secret: new Uint8Array(await context.export(owned(label), SECRET_BYTES)) }
}

/** The other end of {@link sendSecret}. @throws VaultError `ERR_VAULT_MESSAGE_INVALID` */
export async function receiveSecret(keys: KemKeyPair, info: Uint8Array, label: Uint8Array, enc: Uint8Array): Promise<Uint8Array> {
  try {
    const context = await recipientContext(keys, info, enc)
    return new Uint8Array(await context.export(owned(label), SECRET_BYTES))
  } catch (cause) {
    throw notOpened(cause)
  }
}

async function senderContext(to: KemPublicKey, info: Uint8Array, random: Random) {
  if (!isKemPublicKey(to)) throw new VaultError('ERR_VAULT_PARAMETERS', 'a public key of the wrong length', { context: { suite: to.suite } })
  const { suite, ekmBytes } = SUITES[to.suite]
  const recipientPublicKey = await suite.kem.deserializePublicKey(owned(to.key))
  return await suite.createSenderContext({ recipientPublicKey, info: owned(info), ekm: owned(random(ekmBytes)) })
}

async function recipientContext(keys: KemKeyPair, info: Uint8Array, enc: Uint8Array) {
  const { suite, encBytes } = SUITES[keys.suite]
  if (enc.length !== encBytes) throw new VaultError('ERR_VAULT_MESSAGE_INVALID', 'an encapsulated key of the wrong length')
  return await suite.createRecipientContext({ recipientKey: keys.privateKey, enc: owned(enc), info: owned(info) })
}

function notOpened(cause: unknown): VaultError {
  return cause instanceof VaultError ? cause : new VaultError('ERR_VAULT_MESSAGE_INVALID', 'it does not open', { cause })
}

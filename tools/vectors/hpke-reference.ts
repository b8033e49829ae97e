/** HPKE base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, from the text of the RFC. */
import { createCipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'

const ascii = (text: string): Buffer => Buffer.from(text, 'ascii')
const none = Buffer.alloc(0)
const KEM_SUITE = Buffer.concat([ascii('KEM'), Buffer.of(0x00, 0x20)])
const HPKE_SUITE = Buffer.concat([ascii('HPKE'), Buffer.of(0x00, 0x20, 0x00, 0x01, 0x00, 0x02)])

const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer => createHmac('sha256', key).update(Buffer.concat(parts)).digest()

function labeledExtract(suite: Buffer, salt: Uint8Array, label: string, ikm: Uint8Array): Buffer {
  return hmac(salt, ascii('HPKE-v1'), suite, ascii(label), ikm)
}

/** At most 32 bytes: one round of HKDF-Expand. */
function labeledExpand(suite: Buffer, prk: Uint8Array, label: string, info: Uint8Array, length: number): Buffer {
  return hmac(prk, Buffer.of(0, length), ascii('HPKE-v1'), suite, ascii(label), info, Buffer.of(1)).subarray(0, length)
}

const privateKey = (raw: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), raw]), format: 'der', type: 'pkcs8' })
const publicKey = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), raw]), format: 'der', type: 'spki' })
const rawPublicKey = (key: KeyObject): Buffer => createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)

/** DeriveKeyPair (§7.1.3). */
export function deriveKeyPair(ikm: Uint8Array): { secret: Buffer; public: Buffer } {
  const prk = labeledExtract(KEM_SUITE, none, 'dkp_prk', ikm)
  const secret = labeledExpand(KEM_SUITE, prk, 'sk', none, 32)
  return { secret, public: rawPublicKey(privateKey(secret)) }
}

/** Sender's side, with the ephemeral pair derived from `ekm`: the encapsulated key, one seal, and the exporter. */
export function sender(recipient: Uint8Array, info: Uint8Array, ekm: Uint8Array) {
  const ephemeral = deriveKeyPair(ekm)
  const dh = diffieHellman({ privateKey: privateKey(ephemeral.secret), publicKey: publicKey(recipient) })
  const shared = labeledExpand(KEM_SUITE, labeledExtract(KEM_SUITE, none, 'eae_prk', dh), 'shared_secret', Buffer.concat([ephemeral.public, recipient]), 32)
  const context = Buffer.concat([Buffer.of(0), labeledExtract(HPKE_SUITE, none, 'psk_id_hash', none), labeledExtract(HPKE_SUITE, none, 'info_hash', info)])
  const secret = labeledExtract(HPKE_SUITE, shared, 'secret', none)
  const key = labeledExpand(HPKE_SUITE, secret, 'key', context, 32)
  const nonce = labeledExpand(HPKE_SUITE, secret, 'base_nonce', context, 12)
  const exporter = labeledExpand(HPKE_SUITE, secret, 'exp', context, 32)
  return {
    enc: ephemeral.public,
    seal: (plain: Uint8Array): Buffer => aesGcm(key, nonce, plain, none),
    export: (label: string): Buffer => labeledExpand(HPKE_SUITE, exporter, 'sec', ascii(label), 32),
  }
}

/** Ciphertext ‖ tag. */
export function aesGcm(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

import { equalBytes } from '@chiron/protocol'
import { VaultError } from './errors.ts'

/** A platform's own AES-256-GCM, for many small messages: without the cost of a job on another thread for each. */
export interface FasterAead {
  /** Takes a copy of 32 bytes. */
  importKey(raw: Uint8Array): FasterAeadKey
}

/** A key of a {@link FasterAead}. */
export interface FasterAeadKey {
  /** Ciphertext followed by the tag. */
  seal(nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Uint8Array
  /** `undefined` when they do not belong together. */
  open(nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | undefined
  /** For WebCrypto. */
  raw(): Uint8Array
}

type WebKey = Awaited<ReturnType<typeof globalThis.crypto.subtle.importKey>>

/** An AES-256-GCM key. */
export type AeadKey = WebKey | FasterAeadKey

export const AEAD_KEY_BYTES = 32
export const AEAD_NONCE_BYTES = 12
export const AEAD_TAG_BYTES = 16

/** Longer messages go to WebCrypto, which does not keep the event loop. */
const FASTER_UP_TO = 65_536

let faster: FasterAead | undefined

/**
 * Lets a platform's own AES-256-GCM take short messages from now on, in this process, after a comparison with WebCrypto
 * in both directions. It changes how long sealing and opening take and nothing else.
 * @throws VaultError `ERR_VAULT_PARAMETERS` when it does not agree; then nothing is changed
 */
export async function useAead(given: FasterAead): Promise<void> {
  const raw = new Uint8Array(AEAD_KEY_BYTES).fill(7)
  const nonce = new Uint8Array(AEAD_NONCE_BYTES).fill(8)
  const [key, web] = [given.importKey(raw), await importWebKey(raw)]
  for (const length of [0, 1, 15, 16, 17, 1000]) {
    const [plain, associated] = [new Uint8Array(length).fill(9), new Uint8Array(length).fill(10)]
    const sealed = await aeadSeal(web, nonce, plain, associated)
    const opened = key.open(nonce, sealed, associated)
    const isSame = equalBytes(key.seal(nonce, plain, associated), sealed) && opened !== undefined && equalBytes(opened, plain)
    const changed = sealed.map((byte, at) => (at === 0 ? byte ^ 1 : byte))
    if (!isSame || key.open(nonce, changed, associated) !== undefined) throw new VaultError('ERR_VAULT_PARAMETERS', 'the cipher of this platform is not AES-256-GCM')
  }
  faster = given
}

/** WebCrypto takes no shared memory; nothing here ever lies in any. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}

/** Takes 32 bytes. The caller may overwrite them afterwards. */
export async function importAeadKey(raw: Uint8Array): Promise<AeadKey> {
  return faster !== undefined && raw.length === AEAD_KEY_BYTES ? faster.importKey(raw) : await importWebKey(raw)
}

/** AES-256-GCM (NIST SP 800-38D): ciphertext followed by the tag (16 bytes). A nonce (12 bytes) is used once per key. */
export async function aeadSeal(key: AeadKey, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Promise<Uint8Array> {
  if (isFaster(key) && plaintext.length <= FASTER_UP_TO) return key.seal(nonce, plaintext, associated)
  const parameters = { name: 'AES-GCM', iv: owned(nonce), additionalData: owned(associated) }
  return new Uint8Array(await globalThis.crypto.subtle.encrypt(parameters, await webKeyOf(key), owned(plaintext)))
}

/** The plaintext, or `undefined` when key, nonce, ciphertext and associated data do not belong together. */
export async function aeadOpen(key: AeadKey, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Promise<Uint8Array | undefined> {
  if (isFaster(key) && sealed.length <= FASTER_UP_TO) return key.open(nonce, sealed, associated)
  const parameters = { name: 'AES-GCM', iv: owned(nonce), additionalData: owned(associated) }
  try {
    return new Uint8Array(await globalThis.crypto.subtle.decrypt(parameters, await webKeyOf(key), owned(sealed)))
  } catch {
    return undefined
  }
}

async function webKeyOf(key: AeadKey): Promise<WebKey> {
  return isFaster(key) ? await importWebKey(key.raw()) : key
}

function isFaster(key: AeadKey): key is FasterAeadKey {
  return 'seal' in key
}

async function importWebKey(raw: Uint8Array): Promise<WebKey> {
  return await globalThis.crypto.subtle.importKey('raw', owned(raw), 'AES-GCM', false, ['encrypt', 'decrypt'])
}

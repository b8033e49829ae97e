/** An AES-256-GCM key that cannot be exported. */
export type AeadKey = Awaited<ReturnType<typeof globalThis.crypto.subtle.importKey>>

export const AEAD_KEY_BYTES = 32
export const AEAD_NONCE_BYTES = 12
export const AEAD_TAG_BYTES = 16

/** WebCrypto takes no shared memory; nothing here ever lies in any. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}

/** Takes 32 bytes. The caller may overwrite them afterwards. */
export async function importAeadKey(raw: Uint8Array): Promise<AeadKey> {
  return await globalThis.crypto.subtle.importKey('raw', owned(raw), 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/** AES-256-GCM (NIST SP 800-38D): ciphertext followed by the tag (16 bytes). A nonce (12 bytes) is used once per key. */
export async function aeadSeal(key: AeadKey, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Promise<Uint8Array> {
  const parameters = { name: 'AES-GCM', iv: owned(nonce), additionalData: owned(associated) }
  return new Uint8Array(await globalThis.crypto.subtle.encrypt(parameters, key, owned(plaintext)))
}

/** The plaintext, or `undefined` when key, nonce, ciphertext and associated data do not belong together. */
export async function aeadOpen(key: AeadKey, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Promise<Uint8Array | undefined> {
  const parameters = { name: 'AES-GCM', iv: owned(nonce), additionalData: owned(associated) }
  try {
    return new Uint8Array(await globalThis.crypto.subtle.decrypt(parameters, key, owned(sealed)))
  } catch {
    return undefined
  }
}

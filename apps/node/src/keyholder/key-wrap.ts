import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { concatBytes, utf8 } from '@chiron/protocol'
import { VaultError, type Random } from '@chiron/vault'

/** Seals small keys under one that is kept elsewhere. `context` says what the key is for; it must be the same to unwrap. */
export interface KeyWrap {
  wrap(key: Uint8Array, context: string): Uint8Array
  /** @throws VaultError `ERR_VAULT_EPOCH_KEY` when the wrapping key, the context or a byte is another */
  unwrap(wrapped: Uint8Array, context: string): Uint8Array
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * AES-256-GCM under HKDF-SHA256(master key, info `chiron/keyholder-wrap/v1/` and the keyholder's name): nonce (12) ‖
 * ciphertext ‖ tag (16), the context as associated data. SPEC-CUS-12.
 */
export function masterKeyWrap(masterKey: Uint8Array, name: string, random: Random): KeyWrap {
  const key = new Uint8Array(hkdfSync('sha256', masterKey, new Uint8Array(), `chiron/keyholder-wrap/v1/${name}`, 32))
  return {
    wrap(plain, context) {
      const nonce = random(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(utf8(context))
      return concatBytes(nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag())
    },
    unwrap(wrapped, context) {
      try {
        const end = wrapped.length - TAG_BYTES
        const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        decipher.setAAD(utf8(context)).setAuthTag(wrapped.subarray(end))
        return concatBytes(decipher.update(wrapped.subarray(NONCE_BYTES, end)), decipher.final())
      } catch (cause) {
        throw new VaultError('ERR_VAULT_EPOCH_KEY', 'a key of the keyholder does not unwrap: wrong master key, or the file was changed', { cause })
      }
    },
  }
}

import { concatBytes } from '@chiron/protocol'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, aeadOpen, aeadSeal, importAeadKey } from '../aead.ts'
import { VaultError } from '../errors.ts'
import type { Random } from '../random.ts'
import { decodeContent, encodeContent, type EnvelopeContent } from './content.ts'
import { associatedData, envelopeHash, formatHeader, parseEnvelope, SALT_BYTES, type EnvelopeBinding } from './format.ts'
import { packFrame, unpackFrame } from './frame.ts'

/** Plaintext that {@link openEnvelope} allows unless told otherwise: 16 MiB. */
export const DEFAULT_MAX_PLAINTEXT_BYTES = 16 * 1024 * 1024

export interface SealedEnvelope {
  readonly bytes: Uint8Array
  /** SHA-256 of `bytes`. */
  readonly hash: Uint8Array
  /** The content key, 32 bytes, fresh. Its only use afterwards is to be dealt. */
  readonly key: Uint8Array
  /** 16 bytes, fresh; also inside `bytes`. */
  readonly salt: Uint8Array
}

/**
 * Seals one version of one resource under a fresh content key: AES-256-GCM over the compressed and padded content, bound
 * to `binding`. SPEC-ENV-1 to 4. @throws VaultError `ERR_VAULT_TOO_LARGE`
 */
export async function sealEnvelope(content: EnvelopeContent, binding: EnvelopeBinding, random: Random): Promise<SealedEnvelope> {
  const key = random(AEAD_KEY_BYTES)
  const salt = random(SALT_BYTES)
  const nonce = random(AEAD_NONCE_BYTES)
  const header = formatHeader(salt, nonce)
  const frame = packFrame(encodeContent(content))
  const sealed = await aeadSeal(await importAeadKey(key), nonce, frame, associatedData(header, binding))
  const bytes = concatBytes(header, sealed)
  return { bytes, hash: envelopeHash(bytes), key, salt }
}

/**
 * Opens an envelope with its content key, for exactly this binding.
 * @throws VaultError `ERR_VAULT_ENVELOPE_INVALID` (not an envelope), `ERR_VAULT_SUITE_UNSUPPORTED`,
 * `ERR_VAULT_ENVELOPE_TAMPERED` (wrong key, wrong binding, or a changed byte), `ERR_VAULT_TOO_LARGE`
 */
export async function openEnvelope(
  bytes: Uint8Array,
  key: Uint8Array,
  binding: EnvelopeBinding,
  options: { maxPlaintextBytes?: number } = {},
): Promise<EnvelopeContent> {
  const { header, nonce, sealed } = parseEnvelope(bytes)
  if (key.length !== AEAD_KEY_BYTES) throw new VaultError('ERR_VAULT_PARAMETERS', 'a content key has 32 bytes')
  const frame = await aeadOpen(await importAeadKey(key), nonce, sealed, associatedData(header, binding))
  if (!frame) throw new VaultError('ERR_VAULT_ENVELOPE_TAMPERED', 'the envelope does not open with this key for this record version')
  return decodeContent(unpackFrame(frame, options.maxPlaintextBytes ?? DEFAULT_MAX_PLAINTEXT_BYTES))
}

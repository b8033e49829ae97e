import { concatBytes, encodeCanonical, sha256, utf8, type Did, type Handle, type RecordId } from '@chiron/protocol'
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES } from '../aead.ts'
import { VaultError } from '../errors.ts'

/** What an envelope is for. It opens only with exactly this. SPEC-ENV-2. */
export interface EnvelopeBinding {
  readonly chainId: string
  readonly record: RecordId
  /** Counts from 1. */
  readonly version: number
  /** The organisation that authored the version. */
  readonly author: Did
  /** Handles in the order of the ledger's entry. */
  readonly subjects: readonly Handle[]
}

/** The parts of an envelope, views into its bytes. */
export interface EnvelopeParts {
  /** Magic, version, suite, salt and nonce as they stand: part of the associated data. */
  readonly header: Uint8Array
  readonly salt: Uint8Array
  readonly nonce: Uint8Array
  readonly sealed: Uint8Array
}

const MAGIC = utf8('CHRN')
const FORMAT_VERSION = 1
/** AES-256-GCM over the padded frame of a raw DEFLATE stream. */
const SUITE_AES256GCM_DEFLATE = 1
export const SALT_BYTES = 16
const SALT_AT = MAGIC.length + 2
const NONCE_AT = SALT_AT + SALT_BYTES
/** Magic (4) ‖ format version (1) ‖ suite (1) ‖ salt (16) ‖ nonce (12). SPEC-ENV-1. */
export const HEADER_BYTES = NONCE_AT + AEAD_NONCE_BYTES

export function formatHeader(salt: Uint8Array, nonce: Uint8Array): Uint8Array {
  return concatBytes(MAGIC, Uint8Array.of(FORMAT_VERSION, SUITE_AES256GCM_DEFLATE), salt, nonce)
}

/** @throws VaultError `ERR_VAULT_ENVELOPE_INVALID`, `ERR_VAULT_SUITE_UNSUPPORTED` */
export function parseEnvelope(bytes: Uint8Array): EnvelopeParts {
  const invalid = bytes.length < HEADER_BYTES + AEAD_TAG_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte)
  if (invalid) throw new VaultError('ERR_VAULT_ENVELOPE_INVALID', 'not an envelope')
  if (bytes[MAGIC.length] !== FORMAT_VERSION || bytes[MAGIC.length + 1] !== SUITE_AES256GCM_DEFLATE) {
    throw new VaultError('ERR_VAULT_SUITE_UNSUPPORTED', 'an envelope of a version or suite that is not known here')
  }
  return {
    header: bytes.subarray(0, HEADER_BYTES),
    salt: bytes.subarray(SALT_AT, NONCE_AT),
    nonce: bytes.subarray(NONCE_AT, HEADER_BYTES),
    sealed: bytes.subarray(HEADER_BYTES),
  }
}

/**
 * The salt (16 bytes) under which the content key and its shares are committed to (SPEC-CUS-1, SPEC-CUS-2). Readable
 * without a key. @throws as {@link parseEnvelope}
 */
export function envelopeSalt(bytes: Uint8Array): Uint8Array {
  return parseEnvelope(bytes).salt.slice()
}

/** SHA-256 of all of an envelope's bytes (32): what the ledger's entry and the blob store know it by. */
export function envelopeHash(bytes: Uint8Array): Uint8Array {
  return sha256(bytes)
}

/** `chiron/envelope/v1`, zero, header (34), and the canonical bytes of the binding. SPEC-ENV-2. */
export function associatedData(header: Uint8Array, binding: EnvelopeBinding): Uint8Array {
  const { chainId, record, version, author, subjects } = binding
  return concatBytes(utf8('chiron/envelope/v1\0'), header, encodeCanonical({ chainId, record, version, author, subjects }))
}

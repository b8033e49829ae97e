import { ProtocolError } from './errors.ts'
import { concatBytes, sha256, utf8 } from './bytes.ts'

/** `did:chiron:` followed by 32 characters of lower-case base32 (20 bytes). */
export type Did = string & { readonly __brand: 'Did' }
/** 32 opaque bytes by which contracts know a patient, or the internal list of an organisation. */
export type Handle = Uint8Array & { readonly __brand: 'Handle' }
/** 16 opaque bytes that name a resource through all its versions. */
export type RecordId = Uint8Array & { readonly __brand: 'RecordId' }
/** 8 opaque bytes for a category or a sensitivity label; contracts only compare them. */
export type Tag = Uint8Array & { readonly __brand: 'Tag' }
/** 16 bytes that name a rule, request, access or attestation: see {@link derivedId}. */
export type ObjectId = Uint8Array & { readonly __brand: 'ObjectId' }
/** SHA-256 of a transaction's unsigned body, 32 bytes. */
export type TxId = Uint8Array & { readonly __brand: 'TxId' }
/** Number of a block; the first is 1. */
export type Height = number & { readonly __brand: 'Height' }

const DID_PREFIX = 'did:chiron:'
const DID_BYTES = 20
const DID_PATTERN = /^did:chiron:[a-z2-7]{32}$/
/** RFC 4648 §6, in lower case. 20 bytes are 32 characters, without padding. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/**
 * Formats 20 bytes as a DID. SPEC-ID-1.
 * @throws ProtocolError `ERR_PROTOCOL_ID` for another length.
 */
export function formatDid(bytes: Uint8Array): Did {
  if (bytes.length !== DID_BYTES) throw new ProtocolError('ERR_PROTOCOL_ID', 'a DID has 20 bytes')
  let text = DID_PREFIX
  let bits = 0
  let held = 0
  for (let i = 0; i < DID_BYTES; i++) {
    bits = ((bits << 8) | (bytes[i] as number)) & 0xfff
    held += 8
    while (held >= 5) {
      held -= 5
      text += BASE32[(bits >>> held) & 31]
    }
  }
  return text as Did
}

/** The 20 bytes of a DID. */
export function didBytes(did: Did): Uint8Array {
  const bytes = new Uint8Array(DID_BYTES)
  let bits = 0
  let held = 0
  let at = 0
  for (let i = DID_PREFIX.length; i < did.length; i++) {
    const unit = did.charCodeAt(i)
    bits = ((bits << 5) | (unit >= 97 ? unit - 97 : unit - 24)) & 0xfff
    held += 5
    if (held < 8) continue
    held -= 8
    bytes[at++] = bits >>> held
  }
  return bytes
}

export function isDid(text: unknown): text is Did {
  if (typeof text !== 'string' || !DID_PATTERN.test(text)) return false
  return true
}

/** @throws ProtocolError `ERR_PROTOCOL_ID` */
export function parseDid(text: unknown): Did {
  if (!isDid(text)) throw new ProtocolError('ERR_PROTOCOL_ID', 'not a did:chiron identifier')
  return text
}

/**
 * The self-certifying DID of an identity: SHA-256 over its kind, first signing key (32 bytes) and
 * salt (16 bytes), cut to 20 bytes. SPEC-ID-2.
 */
export function deriveDid(kind: string, signingKey: Uint8Array, salt: Uint8Array): Did {
  return formatDid(sha256(concatBytes(utf8(`chiron/did/v1/${kind}\0`), signingKey, salt)).subarray(0, DID_BYTES))
}

/**
 * The id of what the message at `index` of a transaction creates (a rule, a request, an access, an attestation):
 * the first 16 bytes of SHA-256(`chiron/object/v1` ‖ txId ‖ index, item as two big-endian u32). SPEC-ID-3.
 * `item` counts within a message that creates several.
 */
export function derivedId(txId: TxId, index: number, item = 0): ObjectId {
  const tail = new Uint8Array(8)
  const view = new DataView(tail.buffer)
  view.setUint32(0, index)
  view.setUint32(4, item)
  return sha256(concatBytes(utf8('chiron/object/v1'), txId, tail)).subarray(0, 16) as ObjectId
}

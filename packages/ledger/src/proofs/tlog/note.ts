import { concatBytes, equalBytes, fromHex, sha256, toHex, utf8 } from '@chiron/protocol'
import { ProofError } from '../errors.ts'
import { fromBase64, toBase64 } from './base64.ts'

/** What a signature of a note is, by the byte under its key id. C2SP signed-note, «Signature types». */
export const SignatureType = { ed25519: 0x01, cosignature: 0x04 } as const
export type SignatureType = (typeof SignatureType)[keyof typeof SignatureType]

/** A key that notes are checked with. */
export interface NoteKey {
  readonly name: string
  readonly type: SignatureType
  /** 4 bytes: tells keys apart, and proves nothing. */
  readonly id: Uint8Array
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
}

/** One signature line: whose it claims to be, and the bytes after the key id. */
export interface NoteSignature {
  readonly name: string
  /** 4 bytes. */
  readonly id: Uint8Array
  readonly signature: Uint8Array
}

export interface Note {
  /** Ends in a newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** Longest note that is read. */
export const MAX_NOTE_BYTES = 65_536
const MAX_SIGNATURES = 64

/** SHA-256(name ‖ 0A ‖ type ‖ public key), its first four bytes. C2SP signed-note, «Signatures». SPEC-CKPT-1. */
export function noteKey(name: string, type: SignatureType, publicKey: Uint8Array): NoteKey {
  if (!isKeyName(name) || publicKey.length !== 32) throw malformed('a key of a note needs a name and 32 bytes')
  const id = sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).slice(0, 4)
  return { name, type, id, publicKey }
}

/** `name+id+base64(type ‖ public key)`. */
export function formatVerifierKey(key: NoteKey): string {
  return `${key.name}+${toHex(key.id)}+${toBase64(concatBytes(Uint8Array.of(key.type), key.publicKey))}`
}

/** Reads a verifier key of a known type. @throws ProofError `ERR_PROOF_FORMAT`, also when the id is not the key's */
export function parseVerifierKey(text: string): NoteKey {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text) ?? []
  const bytes = fromBase64(encoded ?? '')
  const type = Object.values(SignatureType).find((known) => known === bytes?.[0])
  if (name === undefined || id === undefined || bytes?.length !== 33 || type === undefined) throw malformed('not a verifier key of a note')
  const key = noteKey(name, type, bytes.slice(1))
  if (!equalBytes(key.id, fromHex(id))) throw malformed("the verifier key's id is not the key's")
  return key
}

/** A signature line, with its newline. */
export function formatSignature({ name, id, signature }: NoteSignature): string {
  return `— ${name} ${toBase64(concatBytes(id, signature))}\n`
}

/** The text, an empty line and the signatures. */
export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignature).join('')}`
}

/**
 * Takes a signed note apart and verifies nothing. @throws ProofError `ERR_PROOF_FORMAT` for anything but a note of at most
 * 64 KiB with 1 to 64 signatures. C2SP signed-note, «Format».
 */
export function parseNote(note: string): Note {
  if (/[\u0000-\u0009\u000b-\u001f]|\p{Surrogate}/u.test(note) || utf8(note).length > MAX_NOTE_BYTES) throw malformed('not a signed note')
  const split = note.lastIndexOf('\n\n')
  if (split <= 0) throw malformed('a note needs a text and signatures')
  return { text: note.slice(0, split + 1), signatures: parseSignatures(note.slice(split + 2)) }
}

/** Reads signature lines, at least one and at most 64. @throws ProofError `ERR_PROOF_FORMAT` */
export function parseSignatures(lines: string): NoteSignature[] {
  const signatures = lines.split('\n')
  if (signatures.pop() !== '' || signatures.length === 0 || signatures.length > MAX_SIGNATURES) throw malformed('a note needs 1 to 64 lines of signatures')
  return signatures.map((line) => {
    const [, name, encoded] = /^— ([^ ]+) ([^ ]+)$/u.exec(line) ?? []
    const bytes = fromBase64(encoded ?? '')
    if (name === undefined || !isKeyName(name) || bytes === undefined || bytes.length < 5) throw malformed('not a line of a signature')
    return { name, id: bytes.slice(0, 4), signature: bytes.slice(4) }
  })
}

/** The signatures that claim to be by this key: the same name and id. */
export function signaturesOf(key: NoteKey, signatures: readonly NoteSignature[]): NoteSignature[] {
  return signatures.filter(({ name, id }) => name === key.name && equalBytes(id, key.id))
}

function isKeyName(name: string): boolean {
  return name !== '' && !/[\p{White_Space}+\u0000-\u001f]|\p{Surrogate}/u.test(name)
}

function malformed(message: string): ProofError {
  return new ProofError('ERR_PROOF_FORMAT', message)
}

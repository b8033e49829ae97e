import { utf8 } from '@chiron/protocol'
import { ProofError } from '../errors.ts'
import { fromBase64, toBase64 } from './base64.ts'
import { formatNote, noteKey, SignatureType, type NoteKey, type NoteSignature } from './note.ts'

/** A log's size and root under its name. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  /** 32 bytes: RFC 9162 root over `size` leaves. */
  readonly root: Uint8Array
}

/**
 * Name of a chain's log: in checkpoints, and of the key that signs them. The domain is reserved (RFC 6761 §6.4), so nobody
 * else can own it, and it leads nowhere. SPEC-CKPT-2.
 */
export function logOrigin(chainId: string): string {
  return `log.chiron.invalid/${chainId}`
}

/** The key that verifies the checkpoints of a chain's signer. `publicKey`: Ed25519, 32 bytes. */
export function logKeyOf(chainId: string, publicKey: Uint8Array): NoteKey {
  return noteKey(logOrigin(chainId), SignatureType.ed25519, publicKey)
}

/** The note's text: origin, size, root; no extension lines. C2SP tlog-checkpoint. SPEC-CKPT-2. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** Reads a checkpoint's text. Extension lines are let through and say nothing. @throws ProofError `ERR_PROOF_FORMAT` */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n')
  const [origin = '', sizeText = '', rootText = ''] = lines
  const root = fromBase64(rootText)
  const size = parseDecimal(sizeText)
  const isWhole = lines.pop() === '' && lines.length >= 3 && lines.every((line) => line !== '')
  if (!isWhole || size === undefined || root?.length !== 32) throw new ProofError('ERR_PROOF_FORMAT', 'not a checkpoint')
  return { origin, size, root }
}

/** A checkpoint signed by its log. `sign`: Ed25519 over the bytes it is given, 64 bytes. SPEC-CKPT-3. */
export function signCheckpoint(checkpoint: Checkpoint, key: NoteKey, sign: (message: Uint8Array) => Uint8Array): string {
  const text = formatCheckpoint(checkpoint)
  const signature: NoteSignature = { name: key.name, id: key.id, signature: sign(utf8(text)) }
  return formatNote({ text, signatures: [signature] })
}

/** A decimal without leading zeros, up to 2^53 − 1. */
export function parseDecimal(text: string): number | undefined {
  const value = Number(text)
  return /^(?:0|[1-9][0-9]*)$/.test(text) && Number.isSafeInteger(value) ? value : undefined
}

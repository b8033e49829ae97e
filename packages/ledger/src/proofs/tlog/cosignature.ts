import { concatBytes, utf8, verifyEd25519 } from '@chiron/protocol'
import { formatSignature, type NoteKey } from './note.ts'

const TIME_BYTES = 8
const SIGNATURE_BYTES = 64

/** What a witness signs: when it saw which checkpoint. `timeS`: POSIX seconds. C2SP tlog-cosignature. SPEC-CKPT-4. */
export function cosignatureMessage(text: string, timeS: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${timeS}\n${text}`)
}

/**
 * When the witness says it saw this checkpoint (POSIX seconds), or undefined if the signature is not its own over it.
 * `signature`: 8 bytes of time, 64 of Ed25519.
 */
export function verifyCosignature(key: NoteKey, text: string, signature: Uint8Array): number | undefined {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0)
  const timeS = Number(time)
  if (timeS === 0 || !Number.isSafeInteger(timeS)) return undefined
  return verifyEd25519(key.publicKey, cosignatureMessage(text, timeS), signature.subarray(TIME_BYTES)) ? timeS : undefined
}

/** A witness's signature line. `sign`: Ed25519, 64 bytes. */
export function cosign(key: NoteKey, text: string, timeS: number, sign: (message: Uint8Array) => Uint8Array): string {
  const time = new Uint8Array(TIME_BYTES)
  new DataView(time.buffer).setBigUint64(0, BigInt(timeS))
  return formatSignature({ name: key.name, id: key.id, signature: concatBytes(time, sign(cosignatureMessage(text, timeS))) })
}

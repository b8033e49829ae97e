/**
 * Notes, checkpoints, cosignatures and tlog-proofs a second time, from the text of the C2SP specifications alone and on
 * `node:crypto`, so that vectors are not what the package says about itself.
 */
import { hex, sha256, signWith, u64 } from './protocol-reference.ts'

export interface Signer {
  readonly name: string
  readonly type: number
  readonly publicKey: Uint8Array
  readonly seed: Uint8Array
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

export const keyId = ({ name, type, publicKey }: Signer): Uint8Array => sha256(Buffer.from(`${name}\n`), Buffer.of(type), publicKey).subarray(0, 4)

export const verifierKey = (signer: Signer): string => `${signer.name}+${hex(keyId(signer))}+${base64(Buffer.concat([Buffer.of(signer.type), signer.publicKey]))}`

export const checkpointText = (origin: string, size: number, root: Uint8Array): string => [origin, String(size), base64(root), ''].join('\n')

export const signatureLine = (signer: Signer, signature: Uint8Array): string => `\u2014 ${signer.name} ${base64(Buffer.concat([keyId(signer), signature]))}\n`

export const logLine = (signer: Signer, text: string): string => signatureLine(signer, signWith(signer.seed, Buffer.from(text)))

/** A cosignature/v1 of `signed`, as of `timeS`; the time beside it may say otherwise. */
export function witnessLine(signer: Signer, signed: string, timeS: number, said: number = timeS): string {
  const signature = signWith(signer.seed, Buffer.from(`cosignature/v1\ntime ${timeS}\n${signed}`))
  return signatureLine(signer, Buffer.concat([u64(said), signature]))
}

export const noteOf = (text: string, ...lines: readonly string[]): string => `${text}\n${lines.join('')}`

export const proofOf = (leaf: Uint8Array, index: number, path: readonly Uint8Array[], note: string): string =>
  ['c2sp.org/tlog-proof@v1', `extra ${base64(leaf)}`, `index ${index}`, ...path.map(base64), '', note].join('\n')

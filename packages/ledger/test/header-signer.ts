import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { appHash, deriveDid, encodeHeader, headerSigningBytes, type AppState } from '@chiron/protocol'
import type { ProofHead } from '../src/proofs/header.ts'
import type { Trust } from '../src/proofs/trust.ts'

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Signs headers with an Ed25519 key made of one repeated byte. */
export function headerSigner(chainId: string, seedByte: number) {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, Buffer.alloc(32, seedByte)]), format: 'der', type: 'pkcs8' })
  const publicKey = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32))
  const did = deriveDid('organisation', publicKey, new Uint8Array(16))
  const trust: Trust = { chainId, signers: [{ did, publicKey }] }
  const head = (app: AppState, height = 1, timeMs = 1_700_000_000_000): ProofHead => {
    const header = encodeHeader({ chainId, height, timeMs, previous: new Uint8Array(32), txRoot: new Uint8Array(32), appHash: appHash(app) })
    return { app, signed: { header, signer: did, signature: new Uint8Array(sign(null, headerSigningBytes(header), privateKey)) } }
  }
  return { did, publicKey, trust, head }
}

import {
  appHash, decodeTx, deriveDid, ed25519PublicKey, encodeCanonical, encodeHeader, headerSigningBytes, leafHash, signEd25519, toHex, txRootOf, type Did, type DecodedTx,
} from '@chiron/protocol'
import { encodeReceipt, toBase64url, type Trust } from '@chiron/ledger/proofs'
import type { Fetch, FetchInit } from '../src/index.ts'

const seed = new Uint8Array(32).fill(7)
const publicKey = ed25519PublicKey(seed)
const signer = deriveDid('organisation', publicKey, new Uint8Array(16))

/** Trust in the one signer of {@link receiptFor}. */
export const trust: Trust = { chainId: 'chiron-test', signers: [{ did: signer, publicKey }] }

/** A real receipt: the transaction is alone in a log that `signer` vouches for. */
export function receiptFor(txId: Uint8Array, result: { readonly codespace: string; readonly code: number } = { codespace: '', code: 0 }): string {
  const { codespace, code } = result
  const app = { stateRoot: new Uint8Array(32).fill(1), logRoot: leafHash(encodeCanonical([txId, codespace, code])), logSize: 1 }
  const header = encodeHeader({ chainId: trust.chainId, height: 1, timeMs: 1000, previous: new Uint8Array(32), txRoot: txRootOf([txId]), appHash: appHash(app) })
  const signed = { header, signer, signature: signEd25519(seed, headerSigningBytes(header)) }
  return toBase64url(encodeReceipt({ format: 'chiron/receipt/v1', kind: 'tx', app, signed, txId: txId as never, codespace, code, logIndex: 0, path: [] }))
}

export interface Seen extends FetchInit {
  readonly url: string
}

/** A fetch that answers from `respond` and remembers what was asked. */
export function recordingFetch(respond: (request: Seen) => Response | Promise<Response>): { readonly fetch: Fetch; readonly seen: Seen[] } {
  const seen: Seen[] = []
  const fetch: Fetch = async (url, init) => {
    const request = { url, ...init }
    seen.push(request)
    return await respond(request)
  }
  return { fetch, seen }
}

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })
}

/** The ledger's side of `POST /{org}/chiron/tx`: decodes, and commits everything. */
export function commit(request: Seen, result: { readonly codespace: string; readonly code: number } = { codespace: '', code: 0 }): { readonly tx: DecodedTx; readonly response: Response } {
  const tx = decodeTx(request.body as Uint8Array)
  return { tx, response: json({ txId: toHex(tx.id), height: 1, timeMs: 1000, ...result, receipt: receiptFor(tx.id, result) }) }
}

export const aDid = (fill: number): Did => deriveDid('organisation', new Uint8Array(32).fill(fill), new Uint8Array(16))

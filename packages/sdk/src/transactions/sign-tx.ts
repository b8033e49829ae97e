import {
  checkSchema, decodeTx, encodeCanonical, encodeTx, formatTxCid, MAX_TX_BYTES, ProtocolError, signingBytes, txBody, txIdOf, type TxBody, type TxId,
} from '@chiron/protocol'
import { SdkError } from '../errors.ts'
import { platformRandom, type Random } from '../ports.ts'
import type { Wallet } from '../wallet/wallet.ts'
import type { Draft } from './draft.ts'

export interface SignOptions {
  readonly chainId: string
  readonly wallet: Wallet
  /** Unix milliseconds; at most ten minutes after block time (SPEC-TX-4). */
  readonly validUntil: number
}

/** A signed transaction: what to send, and the id by which it will be known. */
export interface SignedTransaction {
  readonly id: TxId
  /** The id as a CID, for people and addresses. */
  readonly cid: string
  /** What travels: canonical CBOR. */
  readonly bytes: Uint8Array
  readonly validUntil: number
}

/**
 * Salts the messages, checks them against the protocol, and signs them as one transaction: all take effect or none.
 * @throws SdkError `ERR_SDK_MESSAGE`, naming the field that does not fit and never its value
 */
export async function signTx(
  messages: readonly Draft[],
  options: SignOptions,
  dependencies: { readonly random: Random } = { random: platformRandom },
): Promise<SignedTransaction> {
  const { chainId, wallet, validUntil } = options
  const salted = messages.map((message) => ({ ...message, salt: dependencies.random.bytes(16) }))
  const body = encodeBody({ chainId, signer: wallet.did, keyId: wallet.keyId, messages: salted, validUntil })
  const bytes = encodeTx(body, await wallet.signer.sign(signingBytes(body)))
  if (bytes.length > MAX_TX_BYTES) throw new SdkError('ERR_SDK_MESSAGE', 'the transaction has more than 4 MiB: split it')
  const id = txIdOf(body)
  return { id, cid: formatTxCid(id), bytes, validUntil }
}

/** Reads a signed transaction again, as it was kept for a later try. @throws SdkError `ERR_SDK_MESSAGE` */
export function readSignedTx(bytes: Uint8Array): SignedTransaction & { readonly body: TxBody } {
  try {
    const { id, body } = decodeTx(bytes)
    return { id, cid: formatTxCid(id), bytes, validUntil: body.validUntil, body }
  } catch (cause) {
    throw new SdkError('ERR_SDK_MESSAGE', 'not a transaction', { cause })
  }
}

function encodeBody(body: unknown): Uint8Array {
  try {
    return encodeCanonical(checkSchema(txBody, body))
  } catch (cause) {
    if (cause instanceof ProtocolError) throw new SdkError('ERR_SDK_MESSAGE', cause.message, { cause })
    throw cause
  }
}

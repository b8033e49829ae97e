import { equalBytes, type TxId } from '@chiron/protocol'
import { decodeReceipt, fromBase64url, parseReceipt, parseTrust, ProofError, verifyReceipt, type Proven, type Receipt, type Trust } from '@chiron/ledger/proofs'
import { SdkError } from '../errors.ts'

/** Header of a FHIR answer that carries the receipt of the transaction behind it. */
export const RECEIPT_HEADER = 'chiron-receipt'

/**
 * Reads a receipt as it travels in a header: base64url of its canonical CBOR. Says nothing about whether it holds.
 * @throws SdkError `ERR_SDK_RESPONSE`
 */
export function readReceipt(text: string): Receipt {
  const bytes = fromBase64url(text)
  if (bytes === undefined) throw new SdkError('ERR_SDK_RESPONSE', 'not a receipt')
  try {
    return decodeReceipt(bytes)
  } catch (cause) {
    throw new SdkError('ERR_SDK_RESPONSE', 'not a receipt', { cause })
  }
}

type ProvenTx = Extract<Proven, { kind: 'tx' }>

/**
 * Verifies, offline, that a transaction is in the log of the trusted chain and took effect. `txId`, where it is known,
 * must be the one that was sent.
 * @throws ProofError for a receipt that does not hold; SdkError `ERR_SDK_TX_REFUSED` where the receipt proves a refusal
 */
export function verifyTxReceipt(receipt: Receipt, trust: Trust, txId?: TxId): ProvenTx {
  const proven = verifyReceipt(receipt, trust)
  if (proven.kind !== 'tx' || (txId !== undefined && !equalBytes(proven.txId, txId))) {
    throw new ProofError('ERR_PROOF_LOG', 'the receipt is for something else')
  }
  if (proven.code !== 0) {
    throw new SdkError('ERR_SDK_TX_REFUSED', 'the transaction was refused', { context: { codespace: proven.codespace, contractCode: proven.code } })
  }
  return proven
}

export { parseReceipt, parseTrust, ProofError, verifyReceipt, type Proven, type Receipt, type Trust }

import { MAX_TX_LIFETIME_MS, signingBytes, type DecodedTx, type TxId } from '@chiron/protocol'
import type { StateReader } from '../state/reader.ts'
import type { SignatureCheck, SignatureVerifier } from './block.ts'
import type { BlockContext } from './contract.ts'
import { refusal } from './codes.ts'
import type { AccountsPort, ParametersPort } from './ports.ts'
import { recall } from './replay-memory.ts'

/** What admission asks others. */
export interface AdmissionPorts {
  readonly accounts: AccountsPort
  readonly parameters?: ParametersPort
  readonly verify: SignatureVerifier
  /** Whether {@link verify} is known to say yes about a transaction: saves making the message. */
  readonly isVerified?: (publicKey: Uint8Array, signature: Uint8Array, txId: TxId) => boolean
}

/** The part of a block that admission depends on. */
export type AdmissionBlock = Pick<BlockContext, 'chainId' | 'timeMs'>

/**
 * Whether a transaction may be executed in a block of this time: for this chain, block time < validUntil ≤ block time
 * + lifetime, not remembered, key live, signature valid. SPEC-RUN-1.
 * @throws ContractError in codespace `runtime`, codes 2 to 7, the first that applies
 */
export function admit(state: StateReader, tx: DecodedTx, block: AdmissionBlock, ports: AdmissionPorts): void {
  const publicKey = signingKeyOf(state, tx, block, ports)
  if (ports.isVerified?.(publicKey, tx.signature, tx.id) === true) return
  if (!ports.verify(publicKey, signingBytes(tx.bodyBytes), tx.signature, tx.id)) throw refusal('signatureInvalid')
}

/** As {@link admit}, except for the signature: returns what is left to be verified. */
export function admitUnverified(state: StateReader, tx: DecodedTx, block: AdmissionBlock, ports: AdmissionPorts): SignatureCheck {
  return { publicKey: signingKeyOf(state, tx, block, ports), message: signingBytes(tx.bodyBytes), signature: tx.signature }
}

function signingKeyOf(state: StateReader, tx: DecodedTx, block: AdmissionBlock, ports: AdmissionPorts): Uint8Array {
  const { body } = tx
  if (body.chainId !== block.chainId) throw refusal('wrongChain')
  if (body.validUntil <= block.timeMs) throw refusal('expired')
  const lifetimeMs = Math.min(MAX_TX_LIFETIME_MS, ports.parameters?.maxTxLifetimeMs(state) ?? MAX_TX_LIFETIME_MS)
  if (body.validUntil > block.timeMs + lifetimeMs) throw refusal('tooFarAhead')
  if (recall(state, tx.id, body.validUntil)) throw refusal('replayed')
  const publicKey = ports.accounts.signingKey(state, body.signer, body.keyId)
  if (publicKey === undefined) throw refusal('keyUnknown')
  return publicKey
}

import type { DecodedTx, MessageType } from '@chiron/protocol'
import type { GuardedReader } from '../state/guarded-reader.ts'
import { Overlay } from '../state/overlay.ts'
import { admit, type AdmissionPorts } from './admission.ts'
import type { TxResult } from './block.ts'
import { refusal } from './codes.ts'
import type { BlockContext, LedgerEvent } from './contract.ts'
import { ContractError, InvariantError } from './errors.ts'
import { remember } from './replay-memory.ts'
import type { WiredContract } from './wiring.ts'

export interface TxDependencies extends AdmissionPorts {
  readonly contractOf: (type: MessageType) => WiredContract | undefined
  /** For the operator's log; what it does cannot change a result. */
  readonly onUnexpected?: (error: unknown, tx: DecodedTx) => void
}

/**
 * Executes one transaction over the block's state. One that is not admitted changes nothing, not even what is
 * remembered: otherwise a copy with a false signature would shut out the true one. One that is admitted is remembered
 * whatever its result; its other writes stay only if every message succeeds. SPEC-RUN-4.
 * @throws InvariantError, and nothing else
 */
export function executeTx(
  tx: DecodedTx,
  block: BlockContext,
  logIndex: number,
  state: Overlay,
  guard: GuardedReader,
  dependencies: TxDependencies,
): TxResult {
  const refuse = (error: unknown): TxResult => {
    guard.assertSound()
    if (error instanceof InvariantError) throw error
    if (!(error instanceof ContractError)) dependencies.onUnexpected?.(error, tx)
    const { codespace, code, reason } = error instanceof ContractError ? error : refusal('handlerFailed')
    return { txId: tx.id, codespace, code, logIndex, events: [], reason }
  }
  try {
    admit(state, tx, block, dependencies)
  } catch (error) {
    return refuse(error)
  }
  remember(state, tx.id, { validUntil: tx.body.validUntil, height: block.height, logIndex })
  const buffer = new Overlay(state, 'contract')
  const events: LedgerEvent[] = []
  try {
    runMessages(tx, block, buffer, events, dependencies)
  } catch (error) {
    return refuse(error)
  }
  guard.assertSound()
  buffer.commitTo(state)
  return { txId: tx.id, codespace: '', code: 0, logIndex, events }
}

function runMessages(tx: DecodedTx, block: BlockContext, state: Overlay, events: LedgerEvent[], dependencies: TxDependencies): void {
  tx.body.messages.forEach((message, messageIndex) => {
    const contract = dependencies.contractOf(message.type)
    if (!contract) throw refusal('messageUnknown')
    const emit = (event: LedgerEvent): void => void events.push(event)
    contract.handle({ block, txId: tx.id, messageIndex, signer: tx.body.signer, state, emit }, message)
  })
}

import type { Did, Genesis, MessageOf, MessageType, TxId } from '@chiron/protocol'
import type { StateReader, StateWriter } from '../state/reader.ts'
import type { SignatureCheck } from './block.ts'

/** What the block gives to every handler. `timeMs` is block time, the only time there is. */
export interface BlockContext {
  readonly chainId: string
  readonly height: number
  readonly timeMs: number
}

/** Something that happened, for those who follow the chain. Never health data. */
export interface LedgerEvent {
  readonly type: string
  readonly attributes: Readonly<Record<string, string | number | Uint8Array>>
}

export interface Context<Ports> {
  readonly block: BlockContext
  readonly txId: TxId
  readonly messageIndex: number
  readonly signer: Did
  readonly state: StateWriter
  readonly ports: Ports
  emit(event: LedgerEvent): void
}

export type Handler<Ports, T extends MessageType> = (ctx: Context<Ports>, msg: MessageOf<T>) => void

/** A contract: its messages' handlers (all of them, or it does not compile), what it puts into the first state, and what must always hold. */
export interface Contract<Name extends string, Ports> {
  readonly name: Name
  readonly handlers: { readonly [T in Extract<MessageType, `${Name}.${string}`>]: Handler<Ports, T> }
  genesis?(state: StateWriter, genesis: Genesis, ports: Ports): void
  /**
   * Signatures that handling the message will ask about at this state, so that an engine can verify them beforehand. What
   * is left out costs time, and what is named in vain too: it decides nothing.
   */
  signatures?(state: StateReader, chainId: string, message: MessageOf<Extract<MessageType, `${Name}.${string}`>>, ports: Ports): readonly SignatureCheck[]
  /** @throws InvariantError */
  invariants?(state: StateReader, block: BlockContext): void
}

export function defineContract<Name extends string, Ports>(contract: Contract<Name, Ports>): Contract<Name, Ports> {
  return contract
}

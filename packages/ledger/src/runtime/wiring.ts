import type { Genesis, Message, MessageOf, MessageType } from '@chiron/protocol'
import type { StateReader, StateWriter } from '../state/reader.ts'
import type { SignatureCheck } from './block.ts'
import type { BlockContext, Context, Contract, Handler } from './contract.ts'

/** A contract with its ports, ready to run. */
export interface WiredContract {
  readonly name: string
  handles(type: MessageType): boolean
  /** Runs the message's handler; needs {@link handles}. */
  handle(ctx: Omit<Context<unknown>, 'ports'>, message: Message): void
  genesis(state: StateWriter, genesis: Genesis): void
  /** As the contract's `signatures`; needs {@link handles}. */
  signatures(state: StateReader, chainId: string, message: Message): readonly SignatureCheck[]
  /** @throws InvariantError */
  invariants(state: StateReader, block: BlockContext): void
}

/** Gives a contract what it needs from others. Ports keep no state of their own: they read what they are handed. */
export function wire<Name extends string, Ports>(contract: Contract<Name, Ports>, ports: Ports): WiredContract {
  const handlers = new Map(Object.entries(contract.handlers)) as ReadonlyMap<string, Handler<Ports, MessageType>>
  return {
    name: contract.name,
    handles: (type) => handlers.has(type),
    handle: (ctx, message) => handlers.get(message.type)?.({ ...ctx, ports }, message as MessageOf<MessageType>),
    genesis: (state, genesis) => contract.genesis?.(state, genesis, ports),
    signatures: (state, chainId, message) => contract.signatures?.(state, chainId, message as never, ports) ?? [],
    invariants: (state, block) => contract.invariants?.(state, block),
  }
}

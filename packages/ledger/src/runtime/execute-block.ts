import type { DecodedTx, Genesis } from '@chiron/protocol'
import { CommittedState } from '../state/committed.ts'
import { GuardedReader } from '../state/guarded-reader.ts'
import { readHead, type StateHead } from '../state/head.ts'
import { HEAD_KEY } from '../state/keys.ts'
import { logLeaf } from '../state/log.ts'
import { MemoryStore } from '../state/memory-store.ts'
import { Overlay } from '../state/overlay.ts'
import type { KeyValueReader } from '../state/store.ts'
import { EMPTY_SUBTREE } from '../state/tree-page.ts'
import { admit, admitUnverified, type AdmissionBlock, type AdmissionPorts } from './admission.ts'
import type { BlockInput, BlockOutput, GenesisOutput, SignatureCheck } from './block.ts'
import { RUNTIME_CODESPACE } from './codes.ts'
import type { BlockContext } from './contract.ts'
import { InvariantError } from './errors.ts'
import { executeTx, type TxDependencies } from './execute-tx.ts'
import { formatBlock } from './format-block.ts'
import { forgetExpired } from './replay-memory.ts'
import type { WiredContract } from './wiring.ts'

export interface RuntimeOptions extends AdmissionPorts {
  /** In the order in which they put what they need into the first state. */
  readonly contracts: readonly WiredContract[]
  /** Hears of errors that no contract names (result `runtime`/1). For the operator's log: it cannot change a result. */
  readonly onUnexpected?: (error: unknown, tx: DecodedTx) => void
}

/** Executes blocks. Holds no state: the same reader and block give the same output, byte for byte. */
export interface Runtime {
  /** The state at height 0. @throws what a contract's genesis throws: the genesis is unusable */
  executeGenesis(genesis: Genesis): GenesisOutput
  /**
   * Executes the block after the newest one in `reader`, which is left as it is. A block that changes no fact and has
   * no transaction leaves the app hash unchanged.
   * @throws InvariantError if the block does not follow, a read fails or an invariant is broken: the node must stop
   */
  executeBlock(reader: KeyValueReader, block: BlockInput): BlockOutput
  /** Whether a transaction would be admitted to a block of this time. @throws ContractError in codespace `runtime` */
  checkTx(reader: KeyValueReader, tx: DecodedTx, block: AdmissionBlock): void
  /**
   * As {@link checkTx}, except for the transaction's signature, which comes first in what is returned; the others are those
   * that its messages' handlers are going to ask about, as far as contracts can tell. To be verified while others execute.
   * @throws ContractError in codespace `runtime`
   */
  signaturesOf(reader: KeyValueReader, tx: DecodedTx, block: AdmissionBlock): readonly SignatureCheck[]
  /** Runs every contract's invariants over a committed state. @throws InvariantError */
  checkInvariants(reader: KeyValueReader): void
}

/** @throws InvariantError if two contracts have one name, or one takes the runtime's */
export function createRuntime(options: RuntimeOptions): Runtime {
  const contracts = new Map(options.contracts.map((contract) => [contract.name, contract]))
  if (contracts.size !== options.contracts.length || contracts.has(RUNTIME_CODESPACE)) {
    throw new InvariantError('contracts need names of their own')
  }
  const dependencies: TxDependencies = {
    ...options,
    contractOf(type) {
      const contract = contracts.get(type.slice(0, type.indexOf('.')))
      return contract?.handles(type) ? contract : undefined
    },
  }
  return {
    executeGenesis: (genesis) => executeGenesis(genesis, options.contracts),
    executeBlock: (reader, block) => executeBlock(reader, block, dependencies),
    checkTx: (reader, tx, block) => admit(new CommittedState(reader), tx, block, options),
    signaturesOf(reader, tx, block) {
      // A reader that keeps it hands out the same bytes until the next block.
      const state = new CommittedState(reader, reader.get('meta', HEAD_KEY))
      const own = admitUnverified(state, tx, block, options)
      return [own, ...tx.body.messages.flatMap((message) => dependencies.contractOf(message.type)?.signatures(state, block.chainId, message) ?? [])]
    },
    checkInvariants(reader) {
      const { chainId, height, timeMs } = requireHead(reader)
      const state = new CommittedState(reader)
      for (const contract of options.contracts) contract.invariants(state, { chainId, height, timeMs })
    },
  }
}

function executeGenesis(genesis: Genesis, contracts: readonly WiredContract[]): GenesisOutput {
  const reader = new MemoryStore()
  const state = new Overlay(new CommittedState(reader), 'contract')
  for (const contract of contracts) contract.genesis(state, genesis)
  const block: BlockContext = { chainId: genesis.chainId, height: 0, timeMs: genesis.timeMs }
  const nothing: StateHead = { ...block, stateRoot: EMPTY_SUBTREE, log: { size: 0, peaks: [] }, txs: 0, entries: 0, lists: 0 }
  return formatBlock(reader, nothing, block, state, [])
}

function executeBlock(reader: KeyValueReader, input: BlockInput, dependencies: TxDependencies): BlockOutput {
  const guard = new GuardedReader(reader)
  const head = requireHead(guard)
  const block: BlockContext = { chainId: input.chainId, height: input.height, timeMs: input.timeMs }
  assertFollows(head, block)
  const state = new Overlay(new CommittedState(guard, {}), 'runtime')
  forgetExpired(guard, state, block.timeMs)
  const results = input.txs.map((tx, i) => executeTx(tx, block, head.log.size + i, state, guard, dependencies))
  const leaves = results.map((result) => logLeaf(result.txId, result.codespace, result.code))
  return { results, ...formatBlock(guard, head, block, state, leaves) }
}

function requireHead(reader: KeyValueReader): StateHead {
  const head = readHead(reader)
  if (!head) throw new InvariantError('the state has no genesis')
  return head
}

function assertFollows(head: StateHead, block: BlockContext): void {
  if (block.chainId !== head.chainId) throw new InvariantError('the block is for another chain')
  if (block.height !== head.height + 1) throw new InvariantError('the block does not follow the newest one')
  if (block.timeMs <= head.timeMs) throw new InvariantError('block time does not increase')
}

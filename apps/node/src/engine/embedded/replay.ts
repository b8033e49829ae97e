import { setImmediate } from 'node:timers/promises'
import type { AppState, Genesis } from '@chiron/protocol'
import type { BlockLog } from '../../storage/block-log.ts'
import type { StateStore } from '../../storage/state-store.ts'
import type { LedgerRuntime } from '../ports.ts'
import { genesisHash, genesisLink, linkOf, readBlock, readTxs, verifyLink, verifyOutput, verifySigner, type Link, type VerifySignature } from './chain.ts'
import { formatBlockWrites } from './commit-block.ts'
import { engineHeadWrite } from './records.ts'

export interface Replayed {
  readonly height: number
  readonly timeMs: number
  readonly app: AppState
  readonly txCount: number
}

export interface ReplayDependencies {
  readonly runtime: LedgerRuntime
  readonly verify: VerifySignature
}

/** Puts the state at height 0 into an empty store. */
export function commitGenesis(genesis: Genesis, store: StateStore, runtime: LedgerRuntime): AppState {
  const { writes, app } = runtime.executeGenesis(genesis)
  const link = genesisLink(genesis)
  store.commit([...writes, engineHeadWrite({ genesisHash: genesisHash(genesis), height: 0, headerHash: link.headerHash, app })])
  return app
}

/**
 * Executes the block after `previous` over `store`, checks link, signer, transactions and the state it gives, and commits it.
 * @throws EngineError `ERR_ENGINE_CHAIN`, `ERR_ENGINE_STATE`; then nothing is committed
 */
export function replayBlock(previous: Link, bytes: Uint8Array, genesis: Genesis, store: StateStore, { runtime, verify }: ReplayDependencies): { link: Link; app: AppState; txCount: number } {
  const read = readBlock(bytes, previous.height + 1)
  verifyLink(previous, read)
  verifySigner(read.block, read.header.height, genesis.blockSigner, verify)
  const txs = readTxs(read)
  const { chainId, height, timeMs } = read.header
  const output = runtime.executeBlock(store, { chainId, height, timeMs, txs })
  verifyOutput(read.header, output)
  store.commit(formatBlockWrites(genesisHash(genesis), read, txs, output))
  return { link: linkOf(read), app: output.app, txCount: txs.length }
}

/**
 * Executes every block of the log into an empty store and compares every state root with the header's: proof that the
 * state is what the blocks say. Lets the event loop turn between blocks.
 * @throws EngineError `ERR_ENGINE_CHAIN`, `ERR_ENGINE_STATE`, StorageError `ERR_STORAGE_CORRUPT`
 */
export async function replayChain(genesis: Genesis, log: Pick<BlockLog, 'height' | 'read'>, store: StateStore, dependencies: ReplayDependencies): Promise<Replayed> {
  let app = commitGenesis(genesis, store, dependencies.runtime)
  let link = genesisLink(genesis)
  let txCount = 0
  for (let height = 1, last = log.height; height <= last; height++) {
    const bytes = log.read(height) as Uint8Array
    const replayed = replayBlock(link, bytes, genesis, store, dependencies)
    link = replayed.link
    app = replayed.app
    txCount += replayed.txCount
    await setImmediate()
  }
  return { height: link.height, timeMs: link.timeMs, app, txCount }
}

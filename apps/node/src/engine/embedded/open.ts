import { equalBytes, type Genesis } from '@chiron/protocol'
import { FileBlockLog, type BlockLog, type BlockLogOptions } from '../../storage/block-log.ts'
import { EngineError } from '../errors.ts'
import { BlockTime } from './block-time.ts'
import { genesisHash, signedHeaderOf, verifySigner, type ReadBlock } from './chain.ts'
import { ChainCheck } from './chain-check.ts'
import { makeBlock, storeBlock } from './commit-block.ts'
import { EmbeddedEngine, type EmbeddedDependencies } from './engine.ts'
import { MEMPOOL_LIMITS, type MempoolLimits } from './mempool.ts'
import { readEngineHead } from './records.ts'
import { commitGenesis, replayBlock } from './replay.ts'

export interface EmbeddedOptions {
  readonly genesis: Genesis
  /** Directory of the block log. */
  readonly blocks: string
  readonly limits?: Partial<MempoolLimits>
}

export interface OpenDependencies extends Omit<EmbeddedDependencies, 'log'> {
  /** Makes the block log; files unless given. */
  openLog?(options: BlockLogOptions): BlockLog
}

/**
 * Opens the ledger: checks that every block is whole, linked to the one before, and the newest signed by the network's
 * block signer; executes blocks for which a crash left no state, comparing roots; and makes the first block of a new one.
 * @throws EngineError `ERR_ENGINE_GENESIS`, `ERR_ENGINE_CHAIN`, `ERR_ENGINE_STATE`, `ERR_ENGINE_CLOCK`; StorageError
 */
export async function openEmbeddedEngine(options: EmbeddedOptions, dependencies: OpenDependencies): Promise<EmbeddedEngine> {
  const { genesis } = options
  const { store, signer } = dependencies
  const hash = genesisHash(genesis)
  const recorded = readEngineHead(store)
  if (recorded && !equalBytes(recorded.genesisHash, hash)) throw foreign('the state belongs to another network: point CHIRON_DATA at the right directory')
  if (signer.did !== genesis.blockSigner.did || !equalBytes(signer.publicKey, genesis.blockSigner.signingKey)) {
    throw foreign("this node's block signer is not the one that the genesis names: restore the keys of this network")
  }
  const chain = new ChainCheck(genesis, recorded)
  const openLog = dependencies.openLog ?? ((logOptions: BlockLogOptions) => new FileBlockLog(logOptions))
  const log = openLog({ directory: options.blocks, genesisHash: hash, committedHeight: recorded?.height ?? 0, onBlock: (bytes, height) => chain.add(bytes, height) })
  try {
    const newest = await catchUp(genesis, chain, { ...dependencies, log })
    const app = readEngineHead(store)?.app
    if (!app) throw foreign('the state has no genesis')
    const head = { signed: signedHeaderOf(newest.block), header: newest.header, app }
    return new EmbeddedEngine(genesis, head, { ...MEMPOOL_LIMITS, ...options.limits }, { ...dependencies, log })
  } catch (error) {
    log.close()
    throw error
  }
}

/** Brings the state to the newest block, and returns it. */
async function catchUp(genesis: Genesis, chain: ChainCheck, dependencies: EmbeddedDependencies): Promise<ReadBlock> {
  const { store, log, runtime, signatures, clock } = dependencies
  const verify = signatures.verify.bind(signatures)
  if (chain.newest) verifySigner(chain.newest.block, log.height, genesis.blockSigner, verify)
  if (!readEngineHead(store)) commitGenesis(genesis, store, runtime)
  let link = chain.stateLink
  for (let height = link.height + 1; height <= log.height; height++) {
    link = replayBlock(link, log.read(height) as Uint8Array, genesis, store, { runtime, verify }).link
  }
  if (chain.newest) return chain.newest
  const made = makeBlock(link, new BlockTime(clock).next(link.timeMs), [], genesisHash(genesis), store, dependencies)
  await storeBlock(made, dependencies, () => undefined)
  return made.sealed
}

function foreign(message: string): EngineError {
  return new EngineError('ERR_ENGINE_GENESIS', message)
}

import { encodeCanonical, type DecodedTx } from '@chiron/protocol'
import type { BlockOutput, KeyValueReader } from '@chiron/ledger'
import type { BlockLog } from '../../storage/block-log.ts'
import type { StateStore, StoreWrite } from '../../storage/state-store.ts'
import type { BlockSigner, LedgerRuntime } from '../ports.ts'
import { linkOf, sealBlock, type Link, type ReadBlock } from './chain.ts'
import { engineHeadWrite, placeWrite, resultsWrite } from './records.ts'

export interface MakeDependencies {
  readonly runtime: LedgerRuntime
  readonly signer: BlockSigner
}

export interface CommitDependencies extends MakeDependencies {
  readonly store: StateStore
  readonly log: BlockLog
}

/** A block that is executed and signed, and lies nowhere yet. */
export interface MadeBlock {
  readonly sealed: ReadBlock
  readonly output: BlockOutput
  /** Everything that it commits. */
  readonly writes: readonly StoreWrite[]
}

/** Executes the block after `previous` over `reader`, which has the state after it, and signs it. @throws InvariantError */
export function makeBlock(
  previous: Link,
  timeMs: number,
  batch: readonly { readonly tx: DecodedTx; readonly bytes: Uint8Array<ArrayBuffer> }[],
  genesisHash: Uint8Array,
  reader: KeyValueReader,
  { runtime, signer }: MakeDependencies,
): MadeBlock {
  const txs = batch.map(({ tx }) => tx)
  const output = runtime.executeBlock(reader, { chainId: previous.chainId, height: previous.height + 1, timeMs, txs })
  const sealed = sealBlock(previous, timeMs, batch, output.app, signer)
  return { sealed, output, writes: formatBlockWrites(genesisHash, sealed, txs, output) }
}

/**
 * Makes a block durable: append to the log and flush, commit the state and flush. In this order, so that the log is never
 * behind the state. `visible` is called when all of it is durable, in the moment from which reads see it.
 * @throws StorageError; then nothing may be committed before a restart
 */
export async function storeBlock({ sealed, writes }: MadeBlock, { store, log }: Pick<CommitDependencies, 'store' | 'log'>, visible: () => void): Promise<void> {
  await log.append(encodeCanonical(sealed.block))
  await store.commitAside(writes, visible)
}

/** Everything that a block commits: the state's writes and the engine's own records. */
export function formatBlockWrites(genesisHash: Uint8Array, sealed: ReadBlock, txs: readonly DecodedTx[], output: BlockOutput): StoreWrite[] {
  const { height, headerHash } = linkOf(sealed)
  return [
    ...output.writes,
    resultsWrite(height, output.results),
    ...txs.map((tx, index) => placeWrite(tx, { height, index })),
    engineHeadWrite({ genesisHash, height, headerHash, app: output.app }),
  ]
}

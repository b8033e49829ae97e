import { encodeCanonical, type DecodedTx } from '@chiron/protocol'
import type { BlockOutput } from '@chiron/ledger'
import type { BlockLog } from '../../storage/block-log.ts'
import type { StateStore, StoreWrite } from '../../storage/state-store.ts'
import type { BlockSigner, LedgerRuntime } from '../ports.ts'
import { linkOf, sealBlock, type Link, type ReadBlock } from './chain.ts'
import { engineHeadWrite, placeWrite, resultsWrite } from './records.ts'

export interface CommitDependencies {
  readonly store: StateStore
  readonly log: BlockLog
  readonly runtime: LedgerRuntime
  readonly signer: BlockSigner
}

/**
 * Makes the block after `previous` and resolves once it is durable: execute, sign, append to the log and flush, commit
 * the state and flush. In this order, so that the log is never behind the state.
 * @throws StorageError, InvariantError; then nothing may be committed before a restart
 */
export async function commitBlock(
  previous: Link,
  timeMs: number,
  batch: readonly { readonly tx: DecodedTx; readonly bytes: Uint8Array<ArrayBuffer> }[],
  genesisHash: Uint8Array,
  { store, log, runtime, signer }: CommitDependencies,
): Promise<{ sealed: ReadBlock; output: BlockOutput }> {
  const txs = batch.map(({ tx }) => tx)
  const output = runtime.executeBlock(store, { chainId: previous.chainId, height: previous.height + 1, timeMs, txs })
  const sealed = sealBlock(previous, timeMs, batch, output.app, signer)
  await log.append(encodeCanonical(sealed.block))
  store.commit(formatBlockWrites(genesisHash, sealed, txs, output))
  return { sealed, output }
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

import { setImmediate } from 'node:timers/promises'
import type { TxId } from '@chiron/protocol'
import { findLogLeaf } from '@chiron/ledger'
import { buildTlogProof, formatTlogProof, parseCheckpoint, parseNote } from '@chiron/ledger/proofs'
import type { Engine } from '../engine/engine.ts'
import type { Checkpoints } from './checkpoints.ts'
import { TransparencyError } from './errors.ts'

/** Leaves looked through before others get their turn. */
const BATCH = 4096

type Log = { readonly engine: Pick<Engine, 'head' | 'reader'>; readonly checkpoints: Pick<Checkpoints, 'covering'> }

/**
 * A `.tlog-proof` that a transaction is in the log, under a checkpoint with enough cosignatures.
 * @throws TransparencyError `ERR_LOG_NOT_FOUND`, `ERR_LOG_NOT_WITNESSED`
 */
export async function proveTx({ engine, checkpoints }: Log, txId: TxId): Promise<string> {
  const index = await indexOf(engine, txId)
  if (index === undefined) throw new TransparencyError('ERR_LOG_NOT_FOUND', 'the log has no such transaction')
  return formatTlogProof(buildTlogProof(engine.reader, await checkpoints.covering(index + 1), index))
}

/** A `.tlog-proof` of the root of the facts after the newest block that changed anything. @throws as {@link proveTx} */
export async function proveState({ engine, checkpoints }: Log): Promise<string> {
  const checkpoint = await checkpoints.covering(engine.head().app.logSize)
  const { size } = parseCheckpoint(parseNote(checkpoint).text)
  return formatTlogProof(buildTlogProof(engine.reader, checkpoint, size - 1))
}

/** Place of a transaction's leaf; the newest are looked through first, as they are what is asked for. */
async function indexOf(engine: Log['engine'], txId: TxId): Promise<number | undefined> {
  for (let end = engine.head().app.logSize; end > 0; end -= BATCH) {
    const index = findLogLeaf(engine.reader, txId, Math.max(0, end - BATCH), end)
    if (index !== undefined) return index
    await setImmediate()
  }
  return undefined
}

import { equalBytes } from '@chiron/protocol'
import type { Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { custodyErrors } from './errors.ts'
import * as events from './events.ts'
import { nameSet } from './naming.ts'
import type { CustodyPorts } from './ports.ts'
import { checkReceipts } from './receipts.ts'
import * as store from './state.ts'

export const setKeyholders: Handler<CustodyPorts, 'custody.setKeyholders'> = (ctx, msg) => {
  ensure(ctx.ports.isGovernor(ctx.state, ctx.signer), custodyErrors.notGovernance)
  nameSet(ctx, ctx.ports, msg.keyholders, msg.threshold)
}

/** Adds receipts that came late. Anyone may bring them: the signatures are the keyholders'. */
export const addReceipts: Handler<CustodyPorts, 'custody.addReceipts'> = (ctx, msg) => {
  const before = store.getReceived(ctx.state, msg.set, msg.root)
  ensure(before !== undefined, custodyErrors.unknownBatch)
  const added = checkReceipts(ctx, ctx.ports, msg.set, msg.root, msg.receipts)
  const all = [...new Set([...before, ...added])].sort((a, b) => a - b)
  const missing = (store.getSet(ctx.state, msg.set)?.keyholders.length ?? 0) - all.length
  if (missing === 0) store.deleteReceived(ctx.state, msg.set, msg.root)
  else store.setReceived(ctx.state, msg.set, msg.root, all)
  ctx.emit(events.receiptsAdded(msg.set, msg.root, missing))
}

/** Commits to the signer's release log, so that an under-reporting gateway is found by comparison. */
export const commitLog: Handler<CustodyPorts, 'custody.commitLog'> = (ctx, msg) => {
  ensure(store.getLastSet(ctx.state, ctx.signer) !== undefined, custodyErrors.notKeyholder)
  const before = store.getLog(ctx.state, ctx.signer)
  const grows = before === undefined || msg.size > before.size || (msg.size === before.size && equalBytes(msg.root, before.root))
  ensure(grows, custodyErrors.logShrunk)
  store.setLog(ctx.state, ctx.signer, { root: msg.root, size: msg.size, timeMs: ctx.block.timeMs })
  ctx.emit(events.logCommitted(ctx.signer, msg.root, msg.size))
}

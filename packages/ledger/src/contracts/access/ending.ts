import { equalBytes, type Did, type Handle, type ObjectId } from '@chiron/protocol'
import type { Context } from '../../runtime/contract.ts'
import type { Tier } from '../../decide/types.ts'
import type { Effects } from '../effects.ts'
import type { CloseReason } from './entries.ts'
import * as events from './events.ts'
import { SWEEP_FROM } from './limits.ts'
import type { AccessPorts } from './ports.ts'
import * as store from './state.ts'

/** Ends an open access and lists it. One that ran out ended when it ran out. */
export function endAccess({ state, block, emit }: Effects, handle: Handle, id: ObjectId, record: store.OpenRecord, reason: CloseReason): void {
  const ranOut = record.untilMs <= block.timeMs
  const why = ranOut ? 'expired' : reason
  store.deleteOpen(state, handle, id, record)
  const count = store.getCount(state, handle)
  if (count !== undefined) store.setCount(state, handle, { ...count, open: count.open - 1 })
  store.appendEntry(state, handle, { kind: 'close', timeMs: block.timeMs, access: id, reason: why, endedMs: ranOut ? record.untilMs : block.timeMs })
  emit(events.closed(id, handle, why))
}

/** Ends every access of the handle whose basis is gone, and shortens those whose basis now ends earlier. */
export function endAccesses(effects: Effects, ports: AccessPorts, handle: Handle): void {
  const { state, block, emit } = effects
  for (const [id, record] of [...store.listOpen(state, handle)]) {
    const basis = record.untilMs > block.timeMs ? ports.basisOf(state, { patient: handle, ...record }, block.timeMs) : undefined
    if (basis === undefined || basis.decision.effect === 'deny') {
      endAccess(effects, handle, id, record, 'no-basis')
    } else if (basis.untilMs !== undefined && basis.untilMs < record.untilMs) {
      store.setOpen(state, handle, id, { ...record, untilMs: basis.untilMs })
      emit(events.shortened(id, handle, basis.untilMs))
    }
  }
}

/**
 * When an access that was opened at `openedMs` ends: with its basis, and after maxAccessMs at the latest. An emergency
 * has an end of its own.
 */
export function boundedEnd({ state, ports }: Context<AccessPorts>, tier: Tier, openedMs: number, untilMs: number | undefined): number {
  const latest = tier === '4' ? Number.MAX_SAFE_INTEGER : openedMs + ports.maxAccessMs(state)
  return Math.min(latest, untilMs ?? Number.MAX_SAFE_INTEGER)
}

/** After an emergency was confirmed: the accesses that rest on it last as long as it does. */
export function extendAccesses(ctx: Context<AccessPorts>, handle: Handle, emergency: ObjectId): void {
  const { state, block, ports } = ctx
  for (const [id, record] of [...store.listOpen(state, handle)]) {
    const rests = record.rules.some((rule) => equalBytes(rule, emergency))
    if (!rests || record.untilMs <= block.timeMs) continue
    const { decision, untilMs } = ports.basisOf(state, { patient: handle, ...record }, block.timeMs)
    const end = boundedEnd(ctx, decision.tier, record.openedMs, untilMs)
    if (decision.effect === 'deny' || end <= record.untilMs) continue
    store.setOpen(state, handle, id, { ...record, untilMs: end })
    ctx.emit(events.extended(id, handle, end))
  }
}

/** Writes down the accesses that ran out, once there are many: a constant share of the work of opening them. */
export function sweepExpired(effects: Effects, handle: Handle, force: boolean): void {
  const { state, block } = effects
  const before = store.getCount(state, handle)
  if (before === undefined || (!force && before.open < before.sweepAt)) return
  for (const [id, record] of [...store.listOpen(state, handle)]) {
    if (record.untilMs <= block.timeMs) endAccess(effects, handle, id, record, 'expired')
  }
  const open = store.getCount(state, handle)?.open ?? 0
  store.setCount(state, handle, { open, sweepAt: Math.max(SWEEP_FROM, 2 * open) })
}

/** Whether `signer` may end the access. */
export function closeReasonFor(signer: Did, owner: Did | undefined, record: store.OpenRecord): CloseReason | undefined {
  if (signer === owner) return 'patient'
  return signer === record.organisation ? 'organisation' : undefined
}

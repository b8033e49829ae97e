import { derivedId, type Opening } from '@chiron/protocol'
import type { Context, Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { boundedEnd, endAccess, sweepExpired } from './ending.ts'
import { accessErrors } from './errors.ts'
import * as events from './events.ts'
import { MAX_OPEN, MAX_RULES_NAMED, SWEEP_FROM } from './limits.ts'
import type { AccessPorts } from './ports.ts'
import * as store from './state.ts'

/** Opens accesses through the signing organisation, all or none. One that is open already stays as it is. */
export const open: Handler<AccessPorts, 'access.open'> = (ctx, msg) => {
  msg.openings.forEach((opening, item) => openAccess(ctx, opening, item))
}

/** Opens one access, whose id is derived with `item`, unless the same is open. */
export function openAccess(ctx: Context<AccessPorts>, opening: Opening, item: number): void {
  const { state, block, signer, ports } = ctx
  const handle = opening.patient
  const request = { ...opening, organisation: signer }
  const { decision, untilMs, categories } = ports.basisOf(state, request, block.timeMs)
  ensure(decision.code !== 'DENY_INVALID', accessErrors.invalid)
  ensure(decision.effect === 'permit', accessErrors.denied)
  if (isKept(ctx, opening)) return
  makeRoom(ctx, handle)
  const record: store.OpenRecord = {
    reader: opening.reader,
    organisation: signer,
    purpose: opening.purpose,
    action: opening.action,
    tier: decision.tier,
    rules: decision.rules.slice(0, MAX_RULES_NAMED),
    categories,
    openedMs: block.timeMs,
    untilMs: boundedEnd(ctx, decision.tier, block.timeMs, untilMs),
  }
  const id = derivedId(ctx.txId, ctx.messageIndex, item)
  const { categories: _scope, openedMs, ...listed } = record
  const index = store.appendEntry(state, handle, { kind: 'open', timeMs: openedMs, access: id, ...listed })
  store.setOpen(state, handle, id, record)
  store.setPlace(state, id, { handle, index, reports: 0 })
  const count = store.getCount(state, handle) ?? { open: 0, sweepAt: SWEEP_FROM }
  store.setCount(state, handle, { ...count, open: count.open + 1 })
  ctx.emit(events.opened(id, handle, record))
}

/** Whether the same access is open; one that has run out is written down first. */
function isKept(ctx: Context<AccessPorts>, opening: Opening): boolean {
  const handle = opening.patient
  const id = store.findSubject(ctx.state, handle, { ...opening, organisation: ctx.signer })
  const record = id && store.getOpen(ctx.state, handle, id)
  if (id === undefined || record === undefined) return false
  if (record.untilMs > ctx.block.timeMs) {
    ctx.emit(events.kept(id, handle))
    return true
  }
  endAccess(ctx, handle, id, record, 'expired')
  return false
}

function makeRoom(ctx: Context<AccessPorts>, handle: Opening['patient']): void {
  sweepExpired(ctx, handle, false)
  if (!ctx.ports.isPatientHandle(ctx.state, handle)) return
  if ((store.getCount(ctx.state, handle)?.open ?? 0) < MAX_OPEN) return
  sweepExpired(ctx, handle, true)
  ensure((store.getCount(ctx.state, handle)?.open ?? 0) < MAX_OPEN, accessErrors.tooManyOpen)
}

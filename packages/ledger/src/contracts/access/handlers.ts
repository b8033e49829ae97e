import { equalBytes, toHex } from '@chiron/protocol'
import type { Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { closeReasonFor, endAccess } from './ending.ts'
import { accessErrors } from './errors.ts'
import * as events from './events.ts'
import { MAX_REFUSAL_COUNT, MAX_REPORTS } from './limits.ts'
import type { AccessPorts } from './ports.ts'
import { mayNameRefused } from './queries.ts'
import * as store from './state.ts'

export { breakGlass, confirmEmergency, contestEmergency, reviewEmergency } from './emergencies.ts'
export { endorse } from './endorse.ts'
export { open } from './open.ts'

/** Ends an access before its time: by the patient, or the organisation that opened it. */
export const close: Handler<AccessPorts, 'access.close'> = (ctx, msg) => {
  const place = store.getPlace(ctx.state, msg.access)
  ensure(place !== undefined && equalBytes(place.handle, msg.patient), accessErrors.unknownAccess)
  const record = store.getOpen(ctx.state, msg.patient, msg.access)
  ensure(record !== undefined, accessErrors.notOpen)
  const reason = closeReasonFor(ctx.signer, ctx.ports.handleOwner(ctx.state, msg.patient), record)
  ensure(reason !== undefined, accessErrors.notAuthorised)
  endAccess(ctx, msg.patient, msg.access, record, reason)
}

/** Lists attempts that the organisation's gateway refused: under the reader's name if {@link mayNameRefused}, else under none. */
export const refuse: Handler<AccessPorts, 'access.refuse'> = (ctx, msg) => {
  const { state, block, signer, ports } = ctx
  ensure(ports.isLiveMember(state, signer), accessErrors.notMember)
  for (const { patient, reader, purpose, action, count } of msg.refusals) {
    ensure(ports.handleOwner(state, patient) !== undefined, accessErrors.unknownPatient)
    ensure(reader === null || mayNameRefused(state, ports, { patient, reader, organisation: signer }, block.timeMs), accessErrors.notOwnReader)
    ensure(count >= 1 && count <= MAX_REFUSAL_COUNT, accessErrors.countOutOfBounds)
    store.appendEntry(state, patient, { kind: 'refusal', timeMs: block.timeMs, reader, organisation: signer, purpose, action, count })
    ctx.emit(events.refused(patient, count))
  }
}

/** Lists what was displayed under accesses of the signing organisation, open or ended. */
export const report: Handler<AccessPorts, 'access.report'> = (ctx, msg) => {
  for (const { patient, access, counts, root } of msg.reports) {
    const place = store.getPlace(ctx.state, access)
    ensure(place !== undefined && equalBytes(place.handle, patient), accessErrors.unknownAccess)
    const opened = store.getEntry(ctx.state, patient, place.index)
    ensure(opened?.kind === 'open' && opened.organisation === ctx.signer, accessErrors.notAuthorised)
    ensure(place.reports < MAX_REPORTS, accessErrors.tooManyReports)
    ensure(counts.every(({ count }) => count >= 1), accessErrors.countOutOfBounds)
    ensure(new Set(counts.map(({ category }) => toHex(category))).size === counts.length, accessErrors.categoryRepeated)
    store.appendEntry(ctx.state, patient, { kind: 'report', timeMs: ctx.block.timeMs, access, counts, root })
    store.setPlace(ctx.state, access, { ...place, reports: place.reports + 1 })
    ctx.emit(events.reported(access, patient, root))
  }
}

import type { Did, Handle } from '@chiron/protocol'
import type { Handler } from '../../runtime/contract.ts'
import type { Effects } from '../effects.ts'
import { ensure } from '../refusals.ts'
import { isInvited, requireOwner } from './checks.ts'
import { consentErrors } from './errors.ts'
import * as events from './events.ts'
import { MAX_TREATMENT_MS, REGISTRATION_TREATMENT_MS } from './limits.ts'
import type { ConsentPorts } from './ports.ts'
import * as store from './state.ts'

/**
 * States that the signing organisation treats the patient. Never shortens a relationship that lasts longer; after the
 * patient contested it, needs a permit of the patient that names the organisation and was made since.
 */
export const registerTreatment: Handler<ConsentPorts, 'consent.registerTreatment'> = (ctx, msg) => {
  const { state, block, signer, ports } = ctx
  ensure(ports.isLiveMember(state, signer), consentErrors.notMember)
  ensure(ports.patientOf(state, msg.patient) !== undefined, consentErrors.unknownPatient)
  ensure(msg.until > block.timeMs, consentErrors.durationNotAllowed)
  ensure(msg.until <= block.timeMs + MAX_TREATMENT_MS, consentErrors.treatmentTooLong)
  const before = store.getTreatment(state, msg.patient, signer)
  if (before !== undefined && before.contestedMs !== null) {
    ensure(isInvited(ctx, msg.patient, signer, before.contestedMs), consentErrors.treatmentContested)
  } else if (before !== undefined && before.untilMs >= msg.until) {
    return
  }
  begin(ctx, ports, msg.patient, signer, msg.until, isContinued(before, block.timeMs) ? before.sinceMs : block.timeMs)
}

/** The patient ends the relationship, whether it still lasts or not. */
export const contestTreatment: Handler<ConsentPorts, 'consent.contestTreatment'> = (ctx, msg) => {
  requireOwner(ctx, msg.patient)
  const before = store.getTreatment(ctx.state, msg.patient, msg.organisation)
  ensure(before !== undefined, consentErrors.unknownTreatment)
  ensure(before.contestedMs === null, consentErrors.treatmentContested)
  store.setTreatment(ctx.state, msg.patient, msg.organisation, { ...before, contestedMs: ctx.block.timeMs })
  ctx.ports.list(ctx, msg.patient, { kind: 'contest', organisation: msg.organisation })
  ctx.emit(events.treatmentContested(msg.patient, msg.organisation))
  ctx.ports.endAccesses(ctx, msg.patient)
}

/** The organisation that brings a patient's handle treats the patient for 365 days. */
export function startTreatment(effects: Effects, ports: ConsentPorts, handle: Handle, organisation: Did): void {
  begin(effects, ports, handle, organisation, effects.block.timeMs + REGISTRATION_TREATMENT_MS, effects.block.timeMs)
}

function begin(effects: Effects, ports: ConsentPorts, handle: Handle, organisation: Did, untilMs: number, sinceMs: number): void {
  store.setTreatment(effects.state, handle, organisation, { sinceMs, untilMs, contestedMs: null })
  ports.list(effects, handle, { kind: 'treatment', organisation, untilMs })
  effects.emit(events.treatmentRegistered(handle, organisation, untilMs))
}

function isContinued(before: store.TreatmentRecord | undefined, timeMs: number): before is store.TreatmentRecord {
  return before !== undefined && before.contestedMs === null && timeMs < before.untilMs
}

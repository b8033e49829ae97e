import { derivedId, type Handle, type ObjectId } from '@chiron/protocol'
import { BREAK_GLASS } from '../../decide/purposes.ts'
import type { Context, Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { getEmergency, listEmergencies, setEmergency, settleEmergency, type EmergencyRecord } from './emergency-state.ts'
import { endAccesses, extendAccesses } from './ending.ts'
import { accessErrors } from './errors.ts'
import * as events from './events.ts'
import { CONTEST_MS, REDECLARE_MS } from './limits.ts'
import { openAccess } from './open.ts'
import type { AccessPorts } from './ports.ts'
import { appendEntry } from './state.ts'

type Ctx = Context<AccessPorts>

/**
 * Declares an emergency and opens the patient's records to the reader, for as long as it may take to be confirmed. While
 * one of the same reader lasts, no other is declared: its access is opened again where it is not open.
 */
export const breakGlass: Handler<AccessPorts, 'access.breakGlass'> = (ctx, msg) => {
  const { state, block, signer, ports } = ctx
  ensure(ports.isLiveMember(state, signer), accessErrors.notMember)
  ensure(ports.isPatientHandle(state, msg.patient), accessErrors.unknownPatient)
  ensure(ports.isClinician(state, msg.reader, signer, block.timeMs), accessErrors.notClinician)
  settleOver(ctx, msg.patient)
  const own = [...listEmergencies(state, msg.patient)].filter(([, e]) => e.reader === msg.reader && e.organisation === signer)
  if (!own.some(([, e]) => isLive(e, block.timeMs))) {
    ensure(!own.some(([, e]) => hasFailedLately(e, block.timeMs)), accessErrors.declaredBefore)
    declare(ctx, msg)
  }
  openAccess(ctx, { patient: msg.patient, reader: msg.reader, purpose: BREAK_GLASS, action: 'read' }, 1)
}

function declare(ctx: Ctx, { patient, reader, reason }: Parameters<typeof breakGlass>[1]): void {
  const { state, block, signer, ports } = ctx
  const id = derivedId(ctx.txId, ctx.messageIndex)
  const endMs = block.timeMs + ports.maxEmergencyMs(state)
  const confirmByMs = Math.min(block.timeMs + ports.emergencyConfirmMs(state), endMs)
  setEmergency(state, patient, id, {
    reader, organisation: signer, reason, declaredMs: block.timeMs, confirmByMs, endMs, confirmation: null, endedMs: null, review: null, dispute: null,
  })
  appendEntry(state, patient, { kind: 'emergency', timeMs: block.timeMs, emergency: id, reader, organisation: signer, reason, untilMs: confirmByMs })
  ctx.emit(events.emergencyDeclared(id, patient, reader, signer, reason))
}

/** A second clinician of the organisation confirms, in time: the emergency and its access go on to their end. */
export const confirmEmergency: Handler<AccessPorts, 'access.confirmEmergency'> = (ctx, msg) => {
  const { state, block, signer, ports } = ctx
  const record = requireEmergency(ctx, msg.patient, msg.emergency)
  ensure(record.organisation === signer && ports.isLiveMember(state, signer), accessErrors.notDeclarer)
  ensure(isLive(record, block.timeMs), accessErrors.emergencyOver)
  ensure(record.confirmation === null, accessErrors.alreadyConfirmed)
  ensure(msg.confirmer !== record.reader, accessErrors.notAnother)
  ensure(ports.isClinician(state, msg.confirmer, signer, block.timeMs), accessErrors.notClinician)
  setEmergency(state, msg.patient, msg.emergency, { ...record, confirmation: { confirmer: msg.confirmer, timeMs: block.timeMs } })
  const { endMs } = record
  appendEntry(state, msg.patient, { kind: 'confirmation', timeMs: block.timeMs, emergency: msg.emergency, confirmer: msg.confirmer, organisation: signer, untilMs: endMs })
  ctx.emit(events.emergencyConfirmed(msg.emergency, msg.patient, endMs))
  extendAccesses(ctx, msg.patient, msg.emergency)
}

/** A professional of another organisation closes the review; one that finds no justification ends the emergency. */
export const reviewEmergency: Handler<AccessPorts, 'access.reviewEmergency'> = (ctx, msg) => {
  const { state, block, signer, ports } = ctx
  const record = requireEmergency(ctx, msg.patient, msg.emergency)
  ensure(ports.isLiveMember(state, signer), accessErrors.notMember)
  ensure(record.review === null, accessErrors.reviewClosed)
  ensure(record.organisation !== signer && record.dispute?.reviewer !== msg.reviewer, accessErrors.notIndependent)
  ensure(ports.isProfessional(state, msg.reviewer, signer, block.timeMs), accessErrors.notProfessional)
  const { reviewer, outcome } = msg
  const review = { organisation: signer, reviewer, outcome, timeMs: block.timeMs }
  appendEntry(state, msg.patient, { kind: 'review', timeMs: block.timeMs, emergency: msg.emergency, reviewer, organisation: signer, outcome })
  ctx.emit(events.emergencyReviewed(msg.emergency, msg.patient, outcome))
  setEmergency(state, msg.patient, msg.emergency, { ...record, review })
  if (outcome === 'unjustified') endEmergency(ctx, msg.patient, msg.emergency)
}

/** The patient contests an emergency: it ends, and its review, whatever it said, is open. */
export const contestEmergency: Handler<AccessPorts, 'access.contestEmergency'> = (ctx, msg) => {
  const { state, block, signer, ports } = ctx
  ensure(ports.isPatientHandle(state, msg.patient) && ports.handleOwner(state, msg.patient) === signer, accessErrors.notPatient)
  const record = requireEmergency(ctx, msg.patient, msg.emergency)
  ensure(block.timeMs < record.declaredMs + CONTEST_MS, accessErrors.contestTooLate)
  ensure(record.dispute === null || record.review !== null, accessErrors.alreadyContested)
  const dispute = { timeMs: block.timeMs, reviewer: record.review?.reviewer ?? null }
  appendEntry(state, msg.patient, { kind: 'dispute', timeMs: block.timeMs, emergency: msg.emergency })
  ctx.emit(events.emergencyContested(msg.emergency, msg.patient))
  setEmergency(state, msg.patient, msg.emergency, { ...record, review: null, dispute })
  endEmergency(ctx, msg.patient, msg.emergency)
}

/** Whether the emergency lasts: until its confirmation is due, or once confirmed until its end. */
export function isLive(record: EmergencyRecord, timeMs: number): boolean {
  return record.endedMs === null && timeMs < untilOf(record)
}

/** Until when an emergency lasts by itself. */
export function untilOf({ confirmation, confirmByMs, endMs }: EmergencyRecord): number {
  return confirmation === null ? confirmByMs : endMs
}

function requireEmergency(ctx: Ctx, handle: Handle, id: ObjectId): EmergencyRecord {
  const record = getEmergency(ctx.state, handle, id)
  ensure(record !== undefined, accessErrors.unknownEmergency)
  return record
}

function endEmergency(ctx: Ctx, handle: Handle, id: ObjectId): void {
  const record = requireEmergency(ctx, handle, id)
  if (!isLive(record, ctx.block.timeMs)) return
  setEmergency(ctx.state, handle, id, { ...record, endedMs: ctx.block.timeMs })
  endAccesses(ctx, ctx.ports, handle)
}

function hasFailedLately(record: EmergencyRecord, timeMs: number): boolean {
  return timeMs < record.declaredMs + REDECLARE_MS && (record.confirmation === null || record.endedMs !== null)
}

/** Moves away what is reviewed, over, and keeps nobody from declaring another. */
function settleOver({ state, block }: Ctx, handle: Handle): void {
  for (const [id, record] of [...listEmergencies(state, handle)]) {
    const over = !isLive(record, block.timeMs) && block.timeMs >= record.declaredMs + REDECLARE_MS
    if (over && record.review !== null) settleEmergency(state, handle, id, record)
  }
}

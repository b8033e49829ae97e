import type { Context, Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { deleteEndorsement, getEndorsement, listEndorsements, setEndorsement } from './endorsement-state.ts'
import { accessErrors } from './errors.ts'
import * as events from './events.ts'
import { MAX_ENDORSEMENT_MS, MAX_ENDORSEMENTS } from './limits.ts'
import type { AccessPorts } from './ports.ts'
import { appendEntry } from './state.ts'

/**
 * A second professional of the organisation stands by a reader's access, which a patient's rule may ask for. A later
 * endorsement of the same access lasts at least as long: what it permitted is not cut short.
 */
export const endorse: Handler<AccessPorts, 'access.endorse'> = (ctx, msg) => {
  const { state, block, signer, ports } = ctx
  const { patient, reader, endorser, purpose } = msg
  ensure(ports.isLiveMember(state, signer), accessErrors.notMember)
  ensure(ports.isPatientHandle(state, patient), accessErrors.unknownPatient)
  ensure(reader !== endorser, accessErrors.notAnother)
  for (const who of [reader, endorser]) ensure(ports.isProfessional(state, who, signer, block.timeMs), accessErrors.notProfessional)
  const subject = { reader, organisation: signer, purpose }
  const before = getEndorsement(state, patient, subject)
  const allowed = msg.until > block.timeMs && msg.until <= block.timeMs + MAX_ENDORSEMENT_MS && msg.until >= (before?.untilMs ?? 0)
  ensure(allowed, accessErrors.endNotAllowed)
  if (before === undefined) makeRoom(ctx, patient)
  setEndorsement(state, patient, { ...subject, endorser, sinceMs: block.timeMs, untilMs: msg.until })
  appendEntry(state, patient, { kind: 'endorsement', timeMs: block.timeMs, ...subject, endorser, untilMs: msg.until })
  ctx.emit(events.endorsed(patient, subject, msg.until))
}

function makeRoom({ state, block }: Context<AccessPorts>, handle: Parameters<typeof listEndorsements>[1]): void {
  const all = [...listEndorsements(state, handle)]
  if (all.length < MAX_ENDORSEMENTS) return
  const past = all.filter(({ untilMs }) => untilMs <= block.timeMs)
  ensure(past.length > 0, accessErrors.tooManyEndorsements)
  for (const endorsement of past) deleteEndorsement(state, handle, endorsement)
}

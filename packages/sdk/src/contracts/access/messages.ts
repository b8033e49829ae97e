import type { Draft, Fields } from '../../transactions/draft.ts'

/** Opens accesses, all or none; each is decided in the block. */
export function open(fields: Fields<'access.open'>): Draft<'access.open'> {
  return { ...fields, type: 'access.open' }
}

/** Ends an access before its time. */
export function close(fields: Fields<'access.close'>): Draft<'access.close'> {
  return { ...fields, type: 'access.close' }
}

/** Lists refused attempts for the patients. */
export function refuse(fields: Fields<'access.refuse'>): Draft<'access.refuse'> {
  return { ...fields, type: 'access.refuse' }
}

/** Reports what was displayed under accesses. */
export function report(fields: Fields<'access.report'>): Draft<'access.report'> {
  return { ...fields, type: 'access.report' }
}

/** A second professional of the signing organisation stands by a reader's access, for one purpose, for twelve hours at most. */
export function endorse(fields: Fields<'access.endorse'>): Draft<'access.endorse'> {
  return { ...fields, type: 'access.endorse' }
}

/** Declares an emergency and opens the patient's records at once. The patient is told, and another organisation reviews it. */
export function breakGlass(fields: Fields<'access.breakGlass'>): Draft<'access.breakGlass'> {
  return { ...fields, type: 'access.breakGlass' }
}

/** A second clinician confirms an emergency before its time is over: it goes on, for a day at most. */
export function confirmEmergency(fields: Fields<'access.confirmEmergency'>): Draft<'access.confirmEmergency'> {
  return { ...fields, type: 'access.confirmEmergency' }
}

/** Says whether an emergency of another organisation was justified; one that was not ends. */
export function reviewEmergency(fields: Fields<'access.reviewEmergency'>): Draft<'access.reviewEmergency'> {
  return { ...fields, type: 'access.reviewEmergency' }
}

/** The patient contests an emergency: it ends, and somebody else reviews it again. */
export function contestEmergency(fields: Fields<'access.contestEmergency'>): Draft<'access.contestEmergency'> {
  return { ...fields, type: 'access.contestEmergency' }
}

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

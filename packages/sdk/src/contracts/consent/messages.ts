import type { Draft, Fields } from '../../transactions/draft.ts'

/** Makes a rule about the patient who signs. */
export function grant(fields: Fields<'consent.grant'>): Draft<'consent.grant'> {
  return { ...fields, type: 'consent.grant' }
}

/** Replaces the terms of a rule that is in force. */
export function modify(fields: Fields<'consent.modify'>): Draft<'consent.modify'> {
  return { ...fields, type: 'consent.modify' }
}

/** Ends a rule; what it opened closes in the same block. */
export function revoke(fields: Fields<'consent.revoke'>): Draft<'consent.revoke'> {
  return { ...fields, type: 'consent.revoke' }
}

/** Asks a patient. Signed by the organisation. */
export function request(fields: Fields<'consent.request'>): Draft<'consent.request'> {
  return { ...fields, type: 'consent.request' }
}

/** Approves a request, as asked or narrowed; wider terms are refused. */
export function approve(fields: Fields<'consent.approve'>): Draft<'consent.approve'> {
  return { ...fields, type: 'consent.approve' }
}

/** Says no to a request. */
export function deny(fields: Fields<'consent.deny'>): Draft<'consent.deny'> {
  return { ...fields, type: 'consent.deny' }
}

/** States that the signing organisation treats the patient until a time. */
export function registerTreatment(fields: Fields<'consent.registerTreatment'>): Draft<'consent.registerTreatment'> {
  return { ...fields, type: 'consent.registerTreatment' }
}

/** Contests, and so ends, an organisation's treating relationship. */
export function contestTreatment(fields: Fields<'consent.contestTreatment'>): Draft<'consent.contestTreatment'> {
  return { ...fields, type: 'consent.contestTreatment' }
}

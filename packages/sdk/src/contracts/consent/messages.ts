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

/** Orders what no patient decides, about one patient or (null) all. Signed by an authority that governance attested. */
export function order(fields: Fields<'consent.order'>): Draft<'consent.order'> {
  return { ...fields, type: 'consent.order' }
}

/** Ends an order; by who made it, or governance. */
export function liftOrder(fields: Fields<'consent.liftOrder'>): Draft<'consent.liftOrder'> {
  return { ...fields, type: 'consent.liftOrder' }
}

/** Lets a carer or parent read in the patient's place; `delegateScope` puts it in words. */
export function appointDelegate(fields: Fields<'consent.appointDelegate'>): Draft<'consent.appointDelegate'> {
  return { ...fields, type: 'consent.appointDelegate' }
}

/** Ends what a delegate may do; what it opened closes in the same block. */
export function dismissDelegate(fields: Fields<'consent.dismissDelegate'>): Draft<'consent.dismissDelegate'> {
  return { ...fields, type: 'consent.dismissDelegate' }
}

/** States that the signing organisation accepts the terms of use with this SHA-256. There is no way back. */
export function acceptTerms(fields: Fields<'consent.acceptTerms'>): Draft<'consent.acceptTerms'> {
  return { ...fields, type: 'consent.acceptTerms' }
}

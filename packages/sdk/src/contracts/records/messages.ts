import type { Draft, Fields } from '../../transactions/draft.ts'

/** Puts record versions, all or none. Signed by the authoring organisation. */
export function put(fields: Fields<'records.put'>): Draft<'records.put'> {
  return { ...fields, type: 'records.put' }
}

/** Changes the sensitivity labels of a record: the author those that were given, the patient the patient's own. */
export function label(fields: Fields<'records.label'>): Draft<'records.label'> {
  return { ...fields, type: 'records.label' }
}

import type { Coding, Patient } from '@medplum/fhirtypes'

const KEPT = ['active', 'identifier', 'name', 'gender', 'birthDate', 'deceasedBoolean', 'deceasedDateTime'] as const
const SUBSETTED: Coding = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }

/**
 * The part of a Patient that identifies the person and comes with any grant: identifiers, names, gender, date of
 * birth, whether deceased. Address, telecom, contacts, photo, links, labels, extensions and narrative are left out; the copy
 * is tagged SUBSETTED. Shares nothing with the original.
 */
export function identityForm(patient: Patient): Patient {
  const { id, meta } = patient
  const form: Patient = {
    resourceType: 'Patient',
    ...(id === undefined ? {} : { id }),
    meta: {
      ...(meta?.versionId === undefined ? {} : { versionId: meta.versionId }),
      ...(meta?.lastUpdated === undefined ? {} : { lastUpdated: meta.lastUpdated }),
      tag: [SUBSETTED],
    },
  }
  for (const key of KEPT) if (patient[key] !== undefined) Object.assign(form, { [key]: structuredClone(patient[key]) })
  for (const identifier of form.identifier ?? []) delete identifier.extension
  for (const name of form.name ?? []) delete name.extension
  return form
}

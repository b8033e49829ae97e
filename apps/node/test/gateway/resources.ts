/** Small valid R4 resources. `extra` adds or replaces elements. */
type Extra = Readonly<Record<string, unknown>>

export const OBSERVATION_CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category'
export const LOINC = 'http://loinc.org'
export const UCUM = 'http://unitsofmeasure.org'
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'

export function patient(extra: Extra = {}) {
  return { resourceType: 'Patient', name: [{ family: 'Okafor', given: ['Amara'] }], gender: 'female', birthDate: '1984-03-09', ...extra } as const
}

export function observation(patientId: string, category: string, extra: Extra = {}) {
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [{ coding: [{ system: OBSERVATION_CATEGORY, code: category }] }],
    code: { coding: [{ system: LOINC, code: '718-7', display: 'Hemoglobin' }] },
    subject: { reference: `Patient/${patientId}` },
    effectiveDateTime: '2026-03-01T09:00:00Z',
    valueQuantity: { value: 13.5, unit: 'g/dL', system: UCUM, code: 'g/dL' },
    ...extra,
  } as const
}

export function condition(patientId: string, extra: Extra = {}) {
  return {
    resourceType: 'Condition',
    clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
    code: { coding: [{ system: 'http://snomed.info/sct', code: '38341003' }], text: 'Hypertension' },
    subject: { reference: `Patient/${patientId}` },
    ...extra,
  } as const
}

/** `meta` with sensitivity labels, by HL7 ActCode. */
export function labelled(...codes: readonly string[]): Extra {
  return { meta: { security: codes.map((code) => ({ system: ACT_CODE, code })) } }
}

export function practitioner(extra: Extra = {}) {
  return { resourceType: 'Practitioner', name: [{ family: 'Lindqvist', given: ['Maja'] }], ...extra } as const
}

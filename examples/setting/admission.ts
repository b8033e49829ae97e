import { randomUUID } from 'node:crypto'
import type { BundleEntry, FhirResource } from '@chiron/sdk'
import { fhirAs } from './running-node.ts'

const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category'

/** FHIR ids of a patient and of what the hospital knows about them. */
export interface Admitted {
  readonly patient: string
  /** Observation of category `laboratory`. */
  readonly haemoglobin: string
  /** Observation of category `vital-signs`. */
  readonly heartRate: string
  /** Condition of category `conditions`. */
  readonly hypertension: string
}

/** The hospital admits a fictional patient, new each time, so that the scripts run in any order and as often as you like. */
export async function admitPatient(): Promise<Admitted> {
  const hospital = await fhirAs('riverside', 'physician')
  const patient = `urn:uuid:${randomUUID()}`
  const subject = { reference: patient }
  const written = await hospital.transaction({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      entry({ resourceType: 'Patient', name: [{ family: 'Example', given: ['Robin'] }], gender: 'other', birthDate: '1980-02-03' }, patient),
      entry(observation('laboratory', { system: 'http://loinc.org', code: '718-7', display: 'Hemoglobin' }, 13.5, 'g/dL', subject)),
      entry(observation('vital-signs', { system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }, 72, '/min', subject)),
      entry({ resourceType: 'Condition', subject, code: { coding: [{ system: 'http://snomed.info/sct', code: '38341003' }], text: 'Hypertension' } }),
    ],
  })
  const ids = (written.resource.entry ?? []).map(({ response }) => response?.location?.split('/')[1] ?? '')
  const [id = '', haemoglobin = '', heartRate = '', hypertension = ''] = ids
  return { patient: id, haemoglobin, heartRate, hypertension }
}

function entry(resource: FhirResource & Readonly<Record<string, unknown>>, fullUrl = `urn:uuid:${randomUUID()}`): BundleEntry {
  return { fullUrl, resource, request: { method: 'POST', url: resource.resourceType } }
}

function observation(category: string, code: object, value: number, unit: string, subject: object) {
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [{ coding: [{ system: CATEGORY, code: category }] }],
    code: { coding: [code] },
    subject,
    effectiveDateTime: new Date().toISOString(),
    valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit },
  } as const
}

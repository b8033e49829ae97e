import type { JsonObject } from '../src/json.ts'

const LOINC = 'http://loinc.org'
const UCUM = 'http://unitsofmeasure.org'

/** A small chart of invented people: enough of each search type to test without outside data. */
export const SAMPLES: readonly JsonObject[] = [
  {
    resourceType: 'Patient',
    id: 'p1',
    active: true,
    gender: 'female',
    birthDate: '1970-05-17',
    identifier: [{ system: 'urn:oid:1.2.3', value: 'MRN-1' }],
    name: [{ family: 'Müller-Åberg', given: ['Zoë', 'Ann'] }, { text: 'Ann  Smith' }],
    telecom: [
      { system: 'phone', value: '+1 555 0100' },
      { system: 'email', value: 'Zoe@Example.org' },
    ],
    address: [{ line: ['12 High Street'], city: 'Springfield', postalCode: '12345' }],
    managingOrganization: { reference: 'Organization/o1' },
  },
  { resourceType: 'Patient', id: 'p2', gender: 'male', birthDate: '1970', deceasedDateTime: '2020-02-29', name: [{ family: 'Smith', given: ['John'] }] },
  { resourceType: 'Patient', id: 'p3', name: [{ family: 'smithson' }], deceasedBoolean: false },
  { resourceType: 'Organization', id: 'o1', name: 'Northside Clinic', active: true },
  { resourceType: 'Organization', id: 'o2', name: 'Hidden Ward' },
  {
    resourceType: 'Encounter',
    id: 'e1',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject: { reference: 'Patient/p1' },
    period: { start: '2021-03-01T10:00:00Z', end: '2021-03-01T11:00:00Z' },
    serviceProvider: { reference: 'Organization/o1' },
  },
  {
    resourceType: 'Encounter',
    id: 'e2',
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject: { reference: 'Patient/p2' },
    period: { start: '2021-03-02' },
    serviceProvider: { reference: 'Organization/o2' },
  },
  ...[72, 5.4, 120, 99.95, -3].map((value, index): JsonObject => ({
    resourceType: 'Observation',
    id: `ob${index}`,
    status: index === 4 ? 'preliminary' : 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: index % 2 === 0 ? 'vital-signs' : 'laboratory' }] }],
    code: {
      coding: [{ system: LOINC, code: index % 2 === 0 ? '8867-4' : '4548-4', display: index % 2 === 0 ? 'Heart rate' : 'Haemoglobin A1c' }],
      text: 'a, b|c$d',
    },
    subject: { reference: `Patient/p${(index % 3) + 1}` },
    ...(index < 3 ? { encounter: { reference: `Encounter/e${(index % 2) + 1}` } } : {}),
    effectiveDateTime: ['2021-03-01T10:15:00+02:00', '2021', '2021-03', '2021-03-01', '2019-12-31T23:59:60Z'][index],
    valueQuantity: { value, unit: index % 2 === 0 ? 'beats/min' : '%', system: UCUM, code: index % 2 === 0 ? '/min' : '%' },
  })),
  {
    resourceType: 'Condition',
    id: 'c1',
    subject: { reference: 'Patient/p1' },
    onsetDateTime: '2015-06',
    code: { text: 'Sugar disease' },
    clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
    asserter: { identifier: { system: 'urn:oid:9', value: 'doc-7' }, type: 'Practitioner' },
  },
  { resourceType: 'Account', id: 'ac1', status: 'active', subject: [{ reference: 'Patient/p1' }, { reference: 'Organization/o1' }] },
  {
    resourceType: 'Provenance',
    id: 'pr1',
    recorded: '2021-03-01T12:00:00Z',
    agent: [{ who: { reference: 'Organization/o1' } }],
    target: [{ reference: 'Observation/ob0' }, { reference: 'Patient/p1' }],
  },
  { resourceType: 'RiskAssessment', id: 'ra1', status: 'final', subject: { reference: 'Patient/p2' }, prediction: [{ probabilityDecimal: 0.25 }] },
  {
    resourceType: 'QuestionnaireResponse',
    id: 'qr1',
    status: 'completed',
    subject: { reference: 'Patient/p1' },
    questionnaire: 'https://example.org/q/base|2.0',
  },
]

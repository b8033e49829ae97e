import type { Patient } from '@medplum/fhirtypes'
import { beforeAll, describe, expect, it } from 'vitest'
import { useDefinitions } from '../../test/support.ts'
import { resourceTypes } from '../definitions/load.ts'
import { validateOnWrite } from '../validation/validate.ts'
import { categoriesOf } from './categories.ts'
import { identityForm } from './identity-form.ts'
import { subjectsOf } from './subjects.ts'

beforeAll(useDefinitions)

const category = (...pairs: readonly [string, string][]): object => ({ category: pairs.map(([system, code]) => ({ coding: [{ system, code }] })) })
const OBSERVATION = 'http://terminology.hl7.org/CodeSystem/observation-category'
const SECTION = 'http://terminology.hl7.org/CodeSystem/v2-0074'

describe('categoriesOf', () => {
  it.each([
    ['demographics', 'Patient RelatedPerson'],
    ['encounters', 'Encounter EpisodeOfCare Appointment CareTeam CarePlan Goal'],
    ['conditions', 'Condition ClinicalImpression FamilyMemberHistory DetectedIssue'],
    ['allergies', 'AllergyIntolerance'],
    ['medications', 'MedicationRequest MedicationAdministration MedicationDispense MedicationStatement'],
    ['immunizations', 'Immunization ImmunizationRecommendation'],
    ['laboratory', 'Specimen'],
    ['imaging', 'ImagingStudy Media'],
    ['observations', 'Observation QuestionnaireResponse'],
    ['procedures', 'Procedure ServiceRequest Device DeviceRequest SupplyDelivery'],
    ['documents', 'DocumentReference Composition Binary'],
    ['insurance', 'Coverage Claim ClaimResponse ExplanationOfBenefit Account Invoice'],
    ['research', 'ResearchSubject'],
  ])('%s', (expected, types) => {
    for (const resourceType of types.split(' '))
      expect([resourceType, categoriesOf({ resourceType })]).toEqual([resourceType, { class: 'patient', categories: [expected] }])
  })

  it.each<[string, object, readonly string[]]>([
    ['Observation', category([OBSERVATION, 'laboratory']), ['laboratory']],
    ['Observation', category([OBSERVATION, 'vital-signs']), ['vital-signs']],
    ['Observation', category([OBSERVATION, 'vital-signs'], [OBSERVATION, 'laboratory']), ['laboratory', 'vital-signs']],
    ['Observation', category([OBSERVATION, 'social-history']), ['observations']],
    ['Observation', category([OBSERVATION, 'survey'], [OBSERVATION, 'laboratory']), ['laboratory', 'observations']],
    ['Observation', category(['urn:other', 'laboratory']), ['observations']],
    ['DiagnosticReport', category([SECTION, 'LAB']), ['laboratory']],
    ['DiagnosticReport', category([SECTION, 'RAD']), ['imaging']],
    ['DiagnosticReport', category(['http://loinc.org', '34117-2']), ['other']],
    ['DiagnosticReport', {}, ['other']],
  ])('%s by its categories', (resourceType, rest, expected) => {
    expect(categoriesOf({ resourceType, ...rest })).toEqual({ class: 'patient', categories: expected })
  })

  it('keeps the directory free of patients, and what concerns nobody internal', () => {
    expect(categoriesOf({ resourceType: 'Practitioner' })).toEqual({ class: 'directory' })
    expect(categoriesOf({ resourceType: 'Location', extension: [{ url: 'u', valueReference: { reference: 'Patient/1' } }] })).toEqual({
      class: 'patient',
      categories: ['other'],
    })
    expect(categoriesOf({ resourceType: 'Flag', subject: { reference: 'Patient/1' } })).toEqual({ class: 'patient', categories: ['other'] })
    expect(categoriesOf({ resourceType: 'Schedule' })).toEqual({ class: 'internal' })
    expect(categoriesOf({ resourceType: 'Provenance', target: [{ reference: 'Patient/1' }] })).toEqual({ class: 'targets' })
  })

  it('lets nothing about a patient into the directory or inside, whatever its type', () => {
    const elsewhere = resourceTypes().filter(
      (resourceType) => categoriesOf({ resourceType, extension: [{ url: 'u', valueReference: { reference: 'Patient/1' } }] }).class !== 'patient',
    )
    expect(elsewhere).toEqual(['Provenance'])
  })
})

describe('subjectsOf', () => {
  it('finds every patient, wherever named', () => {
    const resource = {
      resourceType: 'Observation',
      subject: { reference: 'Patient/b' },
      focus: [{ reference: 'https://a.org/fhir/Patient/a/_history/1' }],
      contained: [{ resourceType: 'Condition', id: 'c', subject: { reference: 'Patient/c' } }],
      extension: [{ url: 'u', valueReference: { reference: 'Patient/b' } }],
      performer: [{ reference: 'Practitioner/x' }, { reference: 'https://b.org/fhir/Patient/z' }, { reference: '#c' }],
    }
    expect(subjectsOf(resource, 'https://a.org/fhir')).toEqual(['a', 'b', 'c'])
    expect(subjectsOf({ resourceType: 'Patient', id: 'p', link: [{ other: { reference: 'Patient/q' }, type: 'seealso' }] })).toEqual(['p', 'q'])
    expect(subjectsOf({ resourceType: 'Bundle', entry: [{ resource: { resourceType: 'Patient', id: 'p' } }] })).toEqual(['p'])
    expect(subjectsOf({ resourceType: 'Organization', id: 'p' })).toEqual([])
  })
})

describe('identityForm', () => {
  it('keeps what identifies and nothing else', () => {
    const patient: Patient = {
      resourceType: 'Patient',
      id: 'p',
      meta: { versionId: '3', lastUpdated: '2021-01-01T00:00:00Z', security: [{ code: 'HIV' }], tag: [{ code: 'x' }], profile: ['urn:p'] },
      active: true,
      identifier: [{ value: '1', extension: [{ url: 'u', valueString: 's' }] }],
      name: [{ family: 'A', extension: [{ url: 'u', valueString: 's' }] }],
      gender: 'female',
      birthDate: '1970-01-01',
      deceasedDateTime: '2020',
      address: [{ city: 'X' }],
      telecom: [{ value: '1' }],
      contact: [{ name: { family: 'B' } }],
      maritalStatus: { text: 'M' },
      photo: [{ url: 'u' }],
      text: { status: 'generated', div: '<div>a</div>' },
      extension: [{ url: 'race', valueString: 's' }],
      contained: [{ resourceType: 'Organization', id: 'o' }],
      generalPractitioner: [{ reference: 'Practitioner/1' }],
      link: [{ other: { reference: 'Patient/2' }, type: 'seealso' }],
    }
    const before = structuredClone(patient)
    const form = identityForm(patient)
    expect(form).toEqual({
      resourceType: 'Patient',
      id: 'p',
      meta: {
        versionId: '3',
        lastUpdated: '2021-01-01T00:00:00Z',
        tag: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }],
      },
      active: true,
      identifier: [{ value: '1' }],
      name: [{ family: 'A' }],
      gender: 'female',
      birthDate: '1970-01-01',
      deceasedDateTime: '2020',
    })
    expect(validateOnWrite(form)).toEqual([])
    expect(patient).toEqual(before)
  })
})

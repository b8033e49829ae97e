import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { resourceTypes, searchParameter } from '../definitions/load.ts'
import { useDefinitions } from '../../test/support.ts'
import { clinicalDays } from './clinical-days.ts'
import { DATED_ELEMENTS } from './elements.ts'

const of = (resourceType: string, rest: object) => clinicalDays({ resourceType, ...rest })
const days = (from: string, until: string | null = from) => ({ from, until })

it.each<[string, string, object, ReturnType<typeof days> | null]>([
  ['a moment, on the day as written', 'Observation', { effectiveDateTime: '2024-03-01T23:30:00-05:00' }, days('2024-03-01')],
  ['an instant', 'Observation', { effectiveInstant: '2024-03-01T23:30:00Z', issued: '2025-01-01T00:00:00Z' }, days('2024-03-01')],
  ['a month', 'Observation', { effectiveDateTime: '2024-02' }, days('2024-02-01', '2024-02-29')],
  ['a year', 'Procedure', { performedDateTime: '2019' }, days('2019-01-01', '2019-12-31')],
  ['a period', 'Encounter', { period: { start: '2024-01-05T08:00:00Z', end: '2024-01-09' } }, days('2024-01-05', '2024-01-09')],
  ['a period whose end is a month', 'Encounter', { period: { start: '2024-01-05', end: '2024-02' } }, days('2024-01-05', '2024-02-29')],
  ['a period without an end goes on', 'Encounter', { period: { start: '2024-01-05' } }, days('2024-01-05', null)],
  ['a period without a start is unclear', 'Encounter', { period: { end: '2024-01-05' } }, null],
  ['a period turned round is unclear', 'Encounter', { period: { start: '2024-01-05', end: '2023-01-01' } }, null],
  ['a stay elsewhere within the encounter', 'Encounter', { period: { start: '2024-01-05', end: '2024-01-06' }, location: [{ period: { start: '2024-01-03', end: '2024-01-06' } }] }, days('2024-01-03', '2024-01-06')],
  ['a condition goes on until it abates', 'Condition', { onsetDateTime: '2019-04-02', recordedDate: '2020-01-01' }, days('2019-04-02', null)],
  ['a condition that abated', 'Condition', { onsetDateTime: '2019-04-02', abatementDateTime: '2021-06-07' }, days('2019-04-02', '2021-06-07')],
  ['a condition of which only the recording is dated', 'Condition', { recordedDate: '2020-01-01' }, days('2020-01-01', null)],
  ['an onset by age is unclear', 'Condition', { onsetAge: { value: 40, unit: 'a' }, recordedDate: '2020-01-01' }, null],
  ['an abatement in words is unclear', 'Condition', { onsetDateTime: '2019', abatementString: 'last summer' }, null],
  ['an allergy does not end', 'AllergyIntolerance', { onsetDateTime: '2001-02-03', lastOccurrence: '2010-05-06' }, days('2001-02-03', null)],
  ['a prescription with its days', 'MedicationRequest', { authoredOn: '2024-03-04', dosageInstruction: [{ timing: { repeat: { boundsPeriod: { start: '2024-03-05', end: '2024-04-05' } } } }] }, days('2024-03-04', '2024-04-05')],
  ['a prescription thrice daily', 'MedicationRequest', { authoredOn: '2024-03-04', dosageInstruction: [{ timing: { code: { text: 'TID' } } }, { timing: { repeat: { frequency: 3 } } }] }, days('2024-03-04')],
  ['a reported medicine', 'MedicationStatement', { effectivePeriod: { start: '2023' } }, days('2023-01-01', null)],
  ['an immunization in words', 'Immunization', { occurrenceString: 'as a child' }, null],
  ['what a document is about, before when it was filed', 'DocumentReference', { date: '2024-09-01T00:00:00Z', context: { period: { start: '2020-01-01', end: '2020-01-02' } } }, days('2020-01-01', '2020-01-02')],
  ['a document that only says when it was filed', 'DocumentReference', { date: '2024-09-01T00:00:00Z' }, days('2024-09-01')],
  ['a claim with its services', 'Claim', { billablePeriod: { start: '2024-02-02', end: '2024-02-03' }, created: '2024-05-01', item: [{ servicedDate: '2024-02-01' }, { servicedPeriod: { start: '2024-02-03', end: '2024-02-07' } }] }, days('2024-02-01', '2024-02-07')],
  ['a specimen', 'Specimen', { collection: { collectedDateTime: '2024-02-01' }, receivedTime: '2024-02-03T00:00:00Z' }, days('2024-02-01', '2024-02-03')],
  ['a flag of no date', 'Flag', {}, null],
  ['a date that does not exist', 'Observation', { effectiveDateTime: '2023-02-29' }, null],
  ['a date that is no date', 'Observation', { effectiveDateTime: 7 }, null],
  ['an empty period', 'Encounter', { period: {} }, null],
  ['only when it was issued', 'Observation', { issued: '2024-01-01T00:00:00Z' }, null],
  ['a person', 'Patient', { birthDate: '1970-01-01' }, null],
])('%s', (_name, type, rest, expected) => {
  expect(of(type, rest)).toEqual(expected)
})

it('counts what is contained', () => {
  const report = { effectiveDateTime: '2024-05-01', contained: [{ resourceType: 'Observation', effectiveDateTime: '2022-01-01' }, { resourceType: 'Practitioner' }] }
  expect(of('DiagnosticReport', report)).toEqual(days('2022-01-01', '2024-05-01'))
})

it('holds every moment of a period and of its services, whatever is drawn', () => {
  const date = fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }).map((at) => at.toISOString())
  fc.assert(
    fc.property(date, date, fc.array(date, { maxLength: 4 }), (a, b, services) => {
      const [start, end] = [a, b].sort() as [string, string]
      const found = of('Claim', { billablePeriod: { start, end }, item: services.map((servicedDate) => ({ servicedDate: servicedDate.slice(0, 10) })) })
      const all = [start, end, ...services].map((at) => at.slice(0, 10)).sort()
      expect(found).toEqual(days(all[0] as string, all.at(-1)))
    }),
  )
})

it('names elements that exist: each type has a date search parameter or is known to have none', () => {
  useDefinitions()
  const types = new Set(resourceTypes())
  for (const type of Object.keys(DATED_ELEMENTS)) expect([type, types.has(type)]).toEqual([type, true])
  const unlisted = [...types].filter((type) => {
    return searchParameter(type, 'date')?.type === 'date' && DATED_ELEMENTS[type] === undefined
  })
  expect(unlisted.sort()).toMatchInlineSnapshot(`
    [
      "ActivityDefinition",
      "AuditEvent",
      "CapabilityStatement",
      "ChargeItemDefinition",
      "CodeSystem",
      "CompartmentDefinition",
      "ConceptMap",
      "Consent",
      "EffectEvidenceSynthesis",
      "EventDefinition",
      "Evidence",
      "EvidenceVariable",
      "ExampleScenario",
      "GraphDefinition",
      "ImmunizationEvaluation",
      "ImplementationGuide",
      "Library",
      "Measure",
      "MeasureReport",
      "MessageDefinition",
      "NamingSystem",
      "OperationDefinition",
      "OrganizationAffiliation",
      "PlanDefinition",
      "PractitionerRole",
      "Questionnaire",
      "ResearchDefinition",
      "ResearchElementDefinition",
      "ResearchStudy",
      "RiskEvidenceSynthesis",
      "Schedule",
      "SearchParameter",
      "StructureDefinition",
      "StructureMap",
      "SupplyRequest",
      "TerminologyCapabilities",
      "TestScript",
      "ValueSet",
    ]
  `)
})

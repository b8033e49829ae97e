import type { JsonObject } from '../json.ts'
import { objectsOf, textOf } from '../json.ts'
import { subjectsOf } from './subjects.ts'

/** The categories that a rule can name (`other` is covered only by a grant of all). */
export const CATEGORIES = [
  'demographics',
  'encounters',
  'conditions',
  'allergies',
  'medications',
  'immunizations',
  'laboratory',
  'imaging',
  'vital-signs',
  'observations',
  'procedures',
  'documents',
  'insurance',
  'research',
  'other',
] as const

export type Category = (typeof CATEGORIES)[number]

/**
 * How consent treats a resource: `patient` by its categories; `directory` is read by all members; `internal` belongs
 * to its organisation; `targets` (Provenance) is visible as far as all it points at.
 */
export type ResourceClass =
  | { readonly class: 'patient'; readonly categories: readonly Category[] }
  | { readonly class: 'directory' }
  | { readonly class: 'internal' }
  | { readonly class: 'targets' }

const BY_CATEGORY: Readonly<Partial<Record<Category, readonly string[]>>> = {
  demographics: ['Patient', 'RelatedPerson'],
  encounters: ['Encounter', 'EpisodeOfCare', 'Appointment', 'CareTeam', 'CarePlan', 'Goal'],
  conditions: ['Condition', 'ClinicalImpression', 'FamilyMemberHistory', 'DetectedIssue'],
  allergies: ['AllergyIntolerance'],
  medications: ['MedicationRequest', 'MedicationAdministration', 'MedicationDispense', 'MedicationStatement'],
  immunizations: ['Immunization', 'ImmunizationRecommendation'],
  laboratory: ['Specimen'],
  imaging: ['ImagingStudy', 'Media'],
  observations: ['QuestionnaireResponse'],
  procedures: ['Procedure', 'ServiceRequest', 'Device', 'DeviceRequest', 'SupplyDelivery'],
  documents: ['DocumentReference', 'Composition', 'Binary'],
  insurance: ['Coverage', 'Claim', 'ClaimResponse', 'ExplanationOfBenefit', 'Account', 'Invoice'],
  research: ['ResearchSubject'],
}

const DIRECTORY = new Set([
  'Organization',
  'OrganizationAffiliation',
  'Location',
  'Practitioner',
  'PractitionerRole',
  'Medication',
  'MedicationKnowledge',
  'Substance',
  'HealthcareService',
  'Endpoint',
  'InsurancePlan',
  'DeviceDefinition',
])

const CATEGORY_OF_TYPE = new Map<string, Category>(
  Object.entries(BY_CATEGORY).flatMap(([category, types]) => (types ?? []).map((type) => [type, category as Category] as const)),
)

const OBSERVATION_SYSTEM = 'http://terminology.hl7.org/CodeSystem/observation-category'
const SECTION_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v2-0074'

/** Diagnostic service sections (HL7 v2 table 0074) that make pictures, and those that test specimens. */
const IMAGING_SECTIONS = new Set(['CT', 'CUS', 'NMR', 'NMS', 'OUS', 'RAD', 'RUS', 'RX', 'VUS', 'XRC'])
const LABORATORY_SECTIONS = new Set(['BG', 'BLB', 'CG', 'CH', 'CP', 'GE', 'HM', 'IMM', 'LAB', 'MB', 'MCB', 'MYC', 'OSL', 'SP', 'SR', 'TX', 'VR'])

/**
 * The class of a resource, and for one about patients its categories (never empty), in the order of `CATEGORIES`.
 * A type without a category of its own is `other` if it refers to a patient, else `internal`; a directory type that
 * refers to a patient is no directory entry but `other`. Call it after references are resolved.
 *
 * @param base our own base URL without a trailing slash
 */
export function categoriesOf(resource: object, base?: string): ResourceClass {
  const source = resource as JsonObject
  const type = textOf(source['resourceType']) ?? ''
  if (type === 'Provenance') return { class: 'targets' }
  if (type === 'Observation') return patient(observationCategories(source))
  if (type === 'DiagnosticReport') return patient(reportCategories(source))
  const category = CATEGORY_OF_TYPE.get(type)
  if (category !== undefined) return patient([category])
  if (subjectsOf(source, base).length > 0) return patient(['other'])
  return { class: DIRECTORY.has(type) ? 'directory' : 'internal' }
}

function patient(categories: readonly Category[]): ResourceClass {
  return { class: 'patient', categories: CATEGORIES.filter((category) => categories.includes(category)) }
}

function codesOf(source: JsonObject, system: string): string[] {
  return objectsOf(source['category'])
    .flatMap((concept) => objectsOf(concept['coding']))
    .filter((coding) => coding['system'] === system)
    .flatMap((coding) => textOf(coding['code']) ?? [])
}

function observationCategories(source: JsonObject): Category[] {
  const found = codesOf(source, OBSERVATION_SYSTEM).map((code): Category => {
    return code === 'laboratory' || code === 'vital-signs' ? code : 'observations'
  })
  return found.length > 0 ? found : ['observations']
}

function reportCategories(source: JsonObject): Category[] {
  const found: Category[] = codesOf(source, SECTION_SYSTEM).flatMap((code) =>
    IMAGING_SECTIONS.has(code) ? ['imaging'] : LABORATORY_SECTIONS.has(code) ? ['laboratory'] : [],
  )
  for (const code of codesOf(source, OBSERVATION_SYSTEM)) if (code === 'laboratory' || code === 'imaging') found.push(code)
  return found.length > 0 ? found : ['other']
}

/** Sensitivity labels: records that carry one are covered only by a permit that names it. */
export const SENSITIVITY_LABELS = ['mental-health', 'substance-use', 'hiv', 'sexual-and-domestic-violence', 'genetics', 'minor-confidential'] as const
export type SensitivityLabel = (typeof SENSITIVITY_LABELS)[number]

/** Code systems that value sets draw from. */
export type LabelSystem = 'icd-10' | 'icd-9-cm' | 'snomed' | 'loinc' | 'rxnorm' | 'cpt' | 'hcpcs'

/** Codes of one system, the same under each of its addresses. */
export interface LabelCodes {
  readonly system: LabelSystem
  /** Exactly these. */
  readonly codes?: readonly string[]
  /** All that begin with one of these, or with anything from the first to the second (`F20-F48`), without dots. */
  readonly within?: readonly string[]
  /** But for what begins with one of these. */
  readonly except?: readonly string[]
}

/**
 * Codes that put a label on a record. The selection is this project's own; a code's meaning is a fact of the system
 * that it stands in, whose texts are not repeated here. `version` counts up with every change.
 */
export interface LabelValueSet {
  readonly label: SensitivityLabel
  readonly version: number
  /** Day from which it is used, `YYYY-MM-DD`. */
  readonly effective: string
  readonly licence: 'Apache-2.0'
  /** Where the choice of codes comes from. */
  readonly sources: readonly string[]
  /** Only for services to people younger than this, in whole years; those whose age is not known count as younger. */
  readonly below?: number
  readonly codes: readonly LabelCodes[]
}

/** Addresses of the systems, in canonical form and as OIDs. */
export const SYSTEM_OF_URL: ReadonlyMap<string, LabelSystem> = new Map<string, LabelSystem>([
  ['http://hl7.org/fhir/sid/icd-10', 'icd-10'],
  ['http://hl7.org/fhir/sid/icd-10-cm', 'icd-10'],
  ['http://hl7.org/fhir/sid/icd-10-am', 'icd-10'],
  ['http://fhir.de/CodeSystem/bfarm/icd-10-gm', 'icd-10'],
  ['http://fhir.de/CodeSystem/dimdi/icd-10-gm', 'icd-10'],
  ['urn:oid:2.16.840.1.113883.6.3', 'icd-10'],
  ['urn:oid:2.16.840.1.113883.6.90', 'icd-10'],
  ['http://hl7.org/fhir/sid/icd-9-cm', 'icd-9-cm'],
  ['urn:oid:2.16.840.1.113883.6.103', 'icd-9-cm'],
  ['http://snomed.info/sct', 'snomed'],
  ['urn:oid:2.16.840.1.113883.6.96', 'snomed'],
  ['http://loinc.org', 'loinc'],
  ['urn:oid:2.16.840.1.113883.6.1', 'loinc'],
  ['http://www.nlm.nih.gov/research/umls/rxnorm', 'rxnorm'],
  ['urn:oid:2.16.840.1.113883.6.88', 'rxnorm'],
  ['http://www.ama-assn.org/go/cpt', 'cpt'],
  ['urn:oid:2.16.840.1.113883.6.12', 'cpt'],
  ['https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets', 'hcpcs'],
  ['http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets', 'hcpcs'],
  ['urn:oid:2.16.840.1.113883.6.285', 'hcpcs'],
])

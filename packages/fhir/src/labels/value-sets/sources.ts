/** Where every value set took its codes. */
export const SOURCES: readonly string[] = [
  'ICD-10 (WHO), ICD-10-CM and ICD-9-CM (NCHS, CMS): chapters and categories as published',
  'SNOMED CT, LOINC, RxNorm: single codes that open data sets (Synthea, HL7 and IHE examples) use for this, by their published meaning',
  'CPT, HCPCS: numbers of services only',
]

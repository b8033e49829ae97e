/** Where every value set took its codes, and what they were not held against. */
export const SOURCES: readonly string[] = [
  'ICD-10 (WHO), ICD-10-CM and ICD-9-CM (NCHS, CMS): chapters and categories as published',
  'SNOMED CT, LOINC, RxNorm: single codes by their published meaning; unless named below, open data (Synthea; examples of HL7, US Core, C-CDA, IHE) uses them',
  'CPT, HCPCS: numbers of services only',
  'Not compared with a published value set of sensitive codes, such as those of VSAC: the selection as a whole, in every system',
]

/** The source that says which single codes stand in no open data that was at hand, so that their meaning alone speaks for them. */
export function unseen(codes: string): string {
  return `In none of the open data that was at hand, not compared with anything but their meaning: ${codes}`
}

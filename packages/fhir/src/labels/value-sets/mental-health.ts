import type { LabelValueSet } from '../value-set.ts'

/** Mental and behavioural disorders but for dementia and disorders of development, self-harm, screening for them, their treatment. */
export const MENTAL_HEALTH: LabelValueSet = {
  label: 'mental-health',
  version: 1,
  effective: '2026-11-21',
  licence: 'Apache-2.0',
  sources: [
    'ICD-10 (WHO), ICD-10-CM and ICD-9-CM (NCHS, CMS): chapters and categories as published',
    'SNOMED CT, LOINC, RxNorm: single codes that open data sets (Synthea, HL7 and IHE examples) use for this, by their published meaning',
    'CPT, HCPCS: numbers of services only',
  ],
  codes: [
    {
      system: 'icd-10',
      within: [
        'F20-F69', 'F90-F99', 'X60-X84', 'T1491', 'R45851', 'Z865', 'Z915', 'Z8651', 'Z8659',
      ],
    },
    {
      system: 'icd-9-cm',
      within: [
        '295-302', '306-309', '311-314', 'E950-E959', 'V6284', 'V110-V112', 'V114-V119',
      ],
    },
    {
      system: 'snomed',
      codes: [
        '74732009', '35489007', '370143000', '36923009', '66344007', '78667006', '13746004', '58214004', '69322001', '197480006', '21897009', '371631005', '47505003', '191736004',
        '72366004', '56882008', '78004001', '406506008', '33449004', '20010003', '231504006', '6471006', '82313006', '80583007', '75516001', '171207006', '715252007', '454711000124102',
        '710841007', '405783006',
      ],
    },
    {
      system: 'loinc',
      codes: [
        '44249-1', '44261-6', '55757-9', '55758-7', '69737-5', '70274-6', '73831-0', '73832-8', '89204-2', '89206-7', '34788-0',
      ],
    },
    {
      system: 'rxnorm',
      codes: [
        '596', '704', '1827', '2556', '2598', '2626', '4493', '5093', '6448', '6470', '10737', '15996', '32937', '35636',
        '36437', '39786', '42347', '42351', '51272', '61381', '72625', '89013', '115698', '321988',
      ],
    },
    {
      system: 'cpt',
      within: [
        '90785-90899', '96127', '96130-96139',
      ],
    },
  ],
}

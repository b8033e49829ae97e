import type { LabelValueSet } from '../value-set.ts'
import { SOURCES, unseen } from './sources.ts'

/** Abuse, neglect, rape, violence at home; examination and screening for them. */
export const VIOLENCE: LabelValueSet = {
  label: 'sexual-and-domestic-violence',
  version: 1,
  effective: '2026-11-21',
  licence: 'Apache-2.0',
  sources: [...SOURCES, unseen('SNOMED CT 248110007')],
  codes: [
    {
      system: 'icd-10',
      within: [
        'T74', 'T76', 'Y05-Y07', 'Z044', 'Z045', 'Z614-Z616', 'Z6281', 'Z69', 'Z9141', 'O9A3-O9A5',
      ],
    },
    {
      system: 'icd-9-cm',
      within: [
        '9955', '9958', 'E9601', 'E967', 'V154', 'V611-V612', 'V715',
      ],
    },
    {
      system: 'snomed',
      codes: [
        '706893006', '866148006', '424393004', '248110007',
      ],
    },
    {
      system: 'loinc',
      codes: [
        '28245-9', '76499-3', '76504-0',
      ],
    },
    {
      system: 'cpt',
      within: [
        '99170',
      ],
    },
  ],
}

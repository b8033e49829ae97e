import type { LabelValueSet } from '../value-set.ts'
import { SOURCES, unseen } from './sources.ts'

/** Genetic tests, carriers and susceptibility, counselling; inherited diseases that a test tells of relatives too. */
export const GENETICS: LabelValueSet = {
  label: 'genetics',
  version: 1,
  effective: '2026-11-21',
  licence: 'Apache-2.0',
  sources: [...SOURCES, unseen(
    'SNOMED CT 41040004, 58756001, 79841006, 127040003, 190905008, 405824009, 417357006; LOINC 21636-6, 48004-6, 48005-3, ' +
    '48018-6, 51969-4, 69548-6, 81247-9',
  )],
  codes: [
    {
      system: 'icd-10',
      within: [
        'D57', 'E84', 'G10', 'Q90-Q99', 'Z137', 'Z14', 'Z15', 'Z3143', 'Z3144', 'Z315', 'Z7183', 'Z810',
      ],
    },
    {
      system: 'icd-9-cm',
      within: [
        '2826', '2770', '3334', '758', 'V83', 'V84', 'V263', 'V827',
      ],
    },
    {
      system: 'snomed',
      codes: [
        '58756001', '190905008', '417357006', '127040003', '41040004', '405824009', '79841006',
      ],
    },
    {
      system: 'loinc',
      codes: [
        '51969-4', '81247-9', '69548-6', '48018-6', '55233-1', '21636-6', '48004-6', '48005-3', '53037-8',
      ],
    },
    {
      system: 'cpt',
      within: [
        '81105-81479', '88245-88299', '96040-96041',
      ],
    },
  ],
}

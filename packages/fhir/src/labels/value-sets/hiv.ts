import type { LabelValueSet } from '../value-set.ts'
import { SOURCES, unseen } from './sources.ts'

/** Infection with HIV, exposure, tests whatever they found, counselling, medicines against it. */
export const HIV: LabelValueSet = {
  label: 'hiv',
  version: 1,
  effective: '2026-11-21',
  licence: 'Apache-2.0',
  sources: [...SOURCES, unseen(
    'SNOMED CT 62479008, 86406008, 91947003, 111880001, 165816005; LOINC 5220-9, 5221-7, 7917-8, 20447-9, 25836-8, 29893-5, ' +
    '31201-7, 68961-2; RxNorm 11413, 53654, 68244, 190521, 195085, 276237, 300195, 343047, 460132, 719872, 1433868',
  )],
  codes: [
    {
      system: 'icd-10',
      within: [
        'B20-B24', 'F024', 'O987', 'R75', 'Z114', 'Z206', 'Z21', 'Z2981', 'Z717', 'Z830',
      ],
    },
    {
      system: 'icd-9-cm',
      within: [
        '042', '07953', '79571', 'V08', 'V6544',
      ],
    },
    {
      system: 'snomed',
      codes: [
        '86406008', '62479008', '165816005', '91947003', '111880001', '31676001', '171121004',
      ],
    },
    {
      system: 'loinc',
      codes: [
        '55277-8', '20447-9', '25836-8', '56888-1', '75622-1', '7917-8', '29893-5', '31201-7', '68961-2', '5220-9', '5221-7',
      ],
    },
    {
      system: 'rxnorm',
      codes: [
        '11413', '53654', '68244', '190521', '195085', '276237', '300195', '343047', '460132', '719872', '1433868',
      ],
    },
    {
      system: 'cpt',
      within: [
        '86689', '86701-86703', '87389-87391', '87534-87539', '87806',
      ],
    },
  ],
}

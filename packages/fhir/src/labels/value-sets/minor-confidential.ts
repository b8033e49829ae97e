import type { LabelValueSet } from '../value-set.ts'
import { SOURCES, unseen } from './sources.ts'

/** Services that a minor may have without a parent: contraception, pregnancy, infections passed on by sex. */
export const MINOR_CONFIDENTIAL: LabelValueSet = {
  label: 'minor-confidential',
  version: 1,
  effective: '2026-11-21',
  licence: 'Apache-2.0',
  sources: [...SOURCES, unseen('LOINC 21613-5, 43304-5, 43305-2; RxNorm 4124, 6373, 6691, 7514, 14584')],
  below: 18,
  codes: [
    {
      system: 'icd-10',
      within: [
        'A50-A64', 'O00-O99', 'O9A', 'Z113', 'Z202', 'Z30', 'Z32-Z34', 'Z3A', 'Z70', 'Z725',
      ],
    },
    {
      system: 'icd-9-cm',
      within: [
        '090-099', '630-679', 'V016', 'V22-V23', 'V25', 'V724', 'V745',
      ],
    },
    {
      system: 'snomed',
      codes: [
        '389095005', '65200003', '169553002', '301807007', '46706006', '310861008', '165829005', '269828009', '252160004', '10383002', '386394001', '714812005', '440546007', '72892002',
        '79586000', '161744009',
      ],
    },
    {
      system: 'loinc',
      codes: [
        '2106-3', '2118-8', '21613-5', '43304-5', '43305-2',
      ],
    },
    {
      system: 'rxnorm',
      codes: [
        '389221', '4124', '6373', '6691', '7514', '14584',
      ],
    },
    {
      system: 'cpt',
      within: [
        '11976', '11981-11983', '58300-58301', '59000-59899', '81025', '87490-87492', '87590-87592',
      ],
    },
  ],
}

import type { LabelValueSet } from '../value-set.ts'
import { SOURCES, unseen } from './sources.ts'

/** Use of alcohol and drugs but for tobacco (as 42 CFR Part 2 has it), harm done by it, screening for it, its treatment. */
export const SUBSTANCE_USE: LabelValueSet = {
  label: 'substance-use',
  version: 1,
  effective: '2026-11-21',
  licence: 'Apache-2.0',
  sources: [
    ...SOURCES,
    unseen('SNOMED CT 31956009, 37344009, 66590003, 75544000, 78267003, 85005007, 191816009; LOINC 5643-2; RxNorm 3554, 7243, 82819'),
    '42 CFR 2.11: what a substance use disorder is',
    'IHE PCF 1.1 (CC-BY-4.0), example: 74013-4 as ETHUD',
  ],
  codes: [
    {
      system: 'icd-10',
      within: [
        'F10-F19', 'T40', 'X42', 'X62', 'G312', 'I426', 'K292', 'K70', 'K852', 'K860', 'O9931', 'O9932', 'P044', 'P961',
        'R780-R785', 'Z714', 'Z715', 'Z721', 'Z722', 'Z811', 'Z813', 'Z864',
      ],
      except: [
        'F17', 'Z7142', 'Z7152', 'Z8643',
      ],
    },
    {
      system: 'icd-9-cm',
      within: [
        '291-292', '303-305', '5710-5713', 'V113',
      ],
      except: [
        '3051',
      ],
    },
    {
      system: 'snomed',
      codes: [
        '7200002', '15167005', '66590003', '26416006', '191816009', '6525002', '361055000', '10939881000119105', '5602001', '75544000', '37344009', '85005007', '78267003', '31956009',
        '724713006', '55680006', '56876005', '266707007', '60112009', '61480009', '713106006', '763302001', '413473000',
      ],
    },
    {
      system: 'loinc',
      codes: [
        '72109-2', '75626-2', '82666-9', '82667-7', '65750-2', '74013-4', '5643-2',
      ],
    },
    {
      system: 'rxnorm',
      codes: [
        '1819', '3554', '6813', '7243', '82819',
      ],
    },
    {
      system: 'cpt',
      within: [
        '99408-99409', '80305-80307',
      ],
    },
    {
      system: 'hcpcs',
      within: [
        'H0001-H0022', 'H0047', 'H0050', 'G0396-G0397', 'G2067-G2080',
      ],
    },
  ],
}

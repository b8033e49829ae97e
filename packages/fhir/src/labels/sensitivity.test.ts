import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeMatcher } from './match-codes.ts'
import { dependsOnAge, labelReasons, sensitivityOf } from './sensitivity.ts'
import { SENSITIVITY_LABELS, SYSTEM_OF_URL } from './value-set.ts'
import { LABEL_VALUE_SETS } from './value-sets/index.ts'

const ICD = 'http://hl7.org/fhir/sid/icd-10-cm'
const SNOMED = 'http://snomed.info/sct'
const LOINC = 'http://loinc.org'
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
const today = '2026-01-01'
const grown = { birthDate: '1980-01-01', today }
const coded = (system: string, code: string, extra: object = {}) => ({ resourceType: 'Condition', code: { coding: [{ system, code }] }, ...extra })
const of = (system: string, code: string) => sensitivityOf(coded(system, code), grown)

describe('labels by codes', () => {
  it.each<[string, string, readonly string[]]>([
    [ICD, 'F32.9', ['mental-health']],
    [ICD, 'f329', ['mental-health']],
    [ICD, 'F20', ['mental-health']],
    [ICD, 'F69.9', ['mental-health']],
    [ICD, 'F70', []],
    [ICD, 'F03', []],
    [ICD, 'F10.20', ['substance-use']],
    [ICD, 'F17.210', []],
    [ICD, 'F19', ['substance-use']],
    [ICD, 'Z71.41', ['substance-use']],
    [ICD, 'Z71.42', []],
    [ICD, 'B20', ['hiv']],
    [ICD, 'B25', []],
    [ICD, 'Z21', ['hiv']],
    [ICD, 'Z2', []],
    [ICD, 'T74.11XA', ['sexual-and-domestic-violence']],
    [ICD, 'D57.1', ['genetics']],
    ['urn:oid:2.16.840.1.113883.6.90', 'F41.1', ['mental-health']],
    ['http://fhir.de/CodeSystem/bfarm/icd-10-gm', 'F41.1', ['mental-health']],
    ['http://hl7.org/fhir/sid/icd-9-cm', '042', ['hiv']],
    [SNOMED, '370143000', ['mental-health']],
    [SNOMED, '3701430001', []],
    [LOINC, '69737-5', ['mental-health']],
    [LOINC, '718-7', []],
    ['http://www.nlm.nih.gov/research/umls/rxnorm', '36437', ['mental-health']],
    ['http://www.ama-assn.org/go/cpt', '90834', ['mental-health']],
    ['http://www.ama-assn.org/go/cpt', '99213', []],
    ['urn:local:codes', 'F32.9', []],
    ['http://unitsofmeasure.org', 'F20', []],
  ])('%s %s', (system, code, expected) => {
    expect(of(system, code)).toEqual(expected)
  })

  it('are found wherever a code stands, and not in meta', () => {
    const coding = [{ system: ICD, code: 'B20' }]
    expect(sensitivityOf({ resourceType: 'Observation', valueCodeableConcept: { coding } }, grown)).toEqual(['hiv'])
    expect(sensitivityOf({ resourceType: 'Claim', contained: [{ resourceType: 'Condition', code: { coding } }] }, grown)).toEqual(['hiv'])
    expect(sensitivityOf({ resourceType: 'Claim', extension: [{ url: 'urn:x', valueCoding: coding[0] }] }, grown)).toEqual(['hiv'])
    expect(sensitivityOf({ resourceType: 'Observation', meta: { tag: coding } }, grown)).toEqual([])
  })

  it('say which coding and which version put them on', () => {
    expect(labelReasons(coded(ICD, 'F32.9'), grown)).toEqual([{ label: 'mental-health', by: 'code', rule: `${ICD}|F32.9`, version: 1 }])
  })

  it('come from further value sets as well', () => {
    const [mental] = LABEL_VALUE_SETS
    if (mental === undefined) throw new TypeError('no value set')
    const matcher = codeMatcher([{ ...mental, version: 2, codes: [{ system: 'loinc', codes: ['718-7'] }] }])
    expect(sensitivityOf(coded(LOINC, '718-7'), grown, matcher)).toEqual(['mental-health'])
    expect(sensitivityOf(coded(ICD, 'F32.9'), grown, matcher)).toEqual([])
  })
})

describe('confidential services for minors', () => {
  const visit = (extra: object = {}) => coded(ICD, 'Z30.09', { resourceType: 'Encounter', ...extra })
  const at = (birthDate: string | undefined, start?: string) => sensitivityOf(visit(start === undefined ? {} : { period: { start, end: start } }), { birthDate, today })

  it('depend on the age at the service', () => {
    expect(dependsOnAge(visit())).toBe(true)
    expect(dependsOnAge(coded(ICD, 'F32.9'))).toBe(false)
    expect(at('2000-06-15', '2018-06-14')).toEqual(['minor-confidential'])
    expect(at('2000-06-15', '2018-06-15')).toEqual([])
    expect(at('2010-06-15')).toEqual(['minor-confidential'])
    expect(at('2007-12-31')).toEqual([])
  })

  it('count as a minor whose birth date is not known, or not to the day', () => {
    expect(at(undefined, '2018-06-14')).toEqual(['minor-confidential'])
    expect(at('nonsense', '2018-06-14')).toEqual(['minor-confidential'])
    expect(at('2000', '2018-06-14')).toEqual(['minor-confidential'])
    expect(at('2000', '2018-12-31')).toEqual([])
    expect(at('2000-06', '2018-06-14')).toEqual(['minor-confidential'])
  })
})

describe('labels by the author', () => {
  const marked = (...security: readonly object[]) => sensitivityOf({ resourceType: 'Observation', meta: { security } }, grown)
  const all = [...SENSITIVITY_LABELS].sort()

  it.each<[string, readonly object[], readonly string[]]>([
    ['a sensitivity', [{ system: ACT_CODE, code: 'PSY' }], ['mental-health']],
    ['a sensitivity under an old address', [{ system: 'http://hl7.org/fhir/v3/ActCode', code: 'HIV' }], ['hiv']],
    ['a sensitivity without a system', [{ code: 'GDIS' }], ['genetics']],
    ['developmental disability', [{ system: ACT_CODE, code: 'DVD' }], ['mental-health']],
    ['a law', [{ system: ACT_CODE, code: '42CFRPart2' }], ['substance-use']],
    ['a law on several', [{ system: ACT_CODE, code: 'Title38Section7332' }], ['genetics', 'hiv', 'substance-use']],
    ['our own', [{ system: 'urn:chiron:label', code: 'hiv' }], ['hiv']],
    ['restricted and why', [{ system: CONFIDENTIALITY, code: 'R' }, { system: ACT_CODE, code: 'ETHUD' }], ['substance-use']],
    ['normal', [{ system: CONFIDENTIALITY, code: 'N' }], []],
    ['test data', [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HTEST' }], []],
    ['an obligation', [{ system: ACT_CODE, code: 'NORDSCLW' }], []],
    ['an employee', [{ system: ACT_CODE, code: 'EMP' }], []],
    ['restricted for no told reason', [{ system: CONFIDENTIALITY, code: 'R' }], all],
    ['very restricted, and an obligation', [{ system: CONFIDENTIALITY, code: 'V' }, { system: ACT_CODE, code: 'NORDSCLW' }], all],
    ['a confidentiality nobody knows', [{ system: CONFIDENTIALITY, code: 'X' }], all],
    ['a sensitivity without a label', [{ system: ACT_CODE, code: 'TBOO' }], all],
    ['a code nobody knows', [{ system: ACT_CODE, code: 'XYZ' }], all],
    ['a system nobody knows', [{ system: 'urn:hospital:secret', code: '1' }], all],
    ['a label of ours that is none', [{ system: 'urn:chiron:label', code: 'hvi' }], all],
  ])('%s', (_name, security, expected) => {
    expect(marked(...security)).toEqual(expected)
  })

  it('reach out of what is contained', () => {
    const contained = [{ resourceType: 'Observation', meta: { security: [{ system: ACT_CODE, code: 'HIV' }] } }]
    expect(sensitivityOf({ resourceType: 'DiagnosticReport', contained }, grown)).toEqual(['hiv'])
  })
})

describe('the value sets', () => {
  it('have each label once, a version, a day and sources, and codes as their systems write them', () => {
    expect(LABEL_VALUE_SETS.map(({ label }) => label)).toEqual(SENSITIVITY_LABELS)
    const systems = new Set(SYSTEM_OF_URL.values())
    const written = { snomed: /^[1-9][0-9]{5,17}$/, loinc: /^[0-9]{1,5}-[0-9]$/, rxnorm: /^[1-9][0-9]{0,7}$/ }
    for (const { version, effective, sources, codes } of LABEL_VALUE_SETS) {
      expect(version).toBeGreaterThan(0)
      expect(effective).toMatch(/^\d{4}-\d{2}-\d{2}$/)
      expect(sources.length).toBeGreaterThan(0)
      const listed = codes.flatMap((each) => each.codes ?? [])
      for (const code of sources.filter((text) => text.startsWith('In none')).flatMap((text) => text.match(/\b\d[\d-]{2,}\b/g) ?? [])) expect(listed).toContain(code)
      for (const { system, codes: exact = [], within = [] } of codes) {
        expect(systems).toContain(system)
        expect(new Set(exact).size).toBe(exact.length)
        for (const code of exact) expect(code).toMatch(written[system as keyof typeof written])
        for (const range of within) {
          const [first = '', last = first] = range.split('-')
          expect([range, first.length === last.length && first <= last && /^[A-Z0-9]{2,7}$/.test(first)]).toEqual([range, true])
        }
      }
    }
  })

  it('have LOINC and SNOMED codes whose check digits are right', () => {
    for (const { codes } of LABEL_VALUE_SETS) {
      for (const { system, codes: exact = [] } of codes) {
        if (system === 'loinc') expect(exact.filter((code) => luhn(code.split('-')[0] as string) !== Number(code.split('-')[1]))).toEqual([])
        if (system === 'snomed') expect(exact.filter((code) => !isVerhoeff(code))).toEqual([])
      }
    }
  })

  it('never label less for a code more', () => {
    const codes = LABEL_VALUE_SETS.flatMap((set) => set.codes.flatMap(({ system, codes: exact = [], within = [] }) => {
      const url = [...SYSTEM_OF_URL].find(([, name]) => name === system)?.[0] as string
      return [...exact, ...within.map((range) => range.split('-')[0] as string)].map((code) => ({ system: url, code }))
    }))
    fc.assert(
      fc.property(fc.subarray(codes, { maxLength: 5 }), fc.constantFrom(...codes), (some, one) => {
        const before = sensitivityOf({ resourceType: 'Observation', code: { coding: some } }, grown)
        const after = sensitivityOf({ resourceType: 'Observation', code: { coding: [...some, one] } }, grown)
        expect(after).toEqual(expect.arrayContaining(before))
      }),
    )
  })
})

/** LOINC's check digit: modulus 10. */
function luhn(digits: string): number {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 2 : 1)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return (10 - (sum % 10)) % 10
}

/** SNOMED's check digit, by the dihedral group of ten. */
function isVerhoeff(code: string): boolean {
  const turn = (a: number, b: number): number => (a < 5 ? (b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5)) : b < 5 ? 5 + ((a - b + 5) % 5) : (a - b + 5) % 5)
  const step = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
  const moved = (digit: number, times: number): number => (times === 0 ? digit : moved(step[digit] as number, times - 1))
  return [...code].reverse().reduce((check, digit, index) => turn(check, moved(Number(digit), index % 8)), 0) === 0
}

import type { JsonObject } from '../json.ts'
import { isObject, objectsOf, textOf } from '../json.ts'
import { SENSITIVITY_LABELS, type SensitivityLabel } from './value-set.ts'

/** Addresses of the HL7 v3 systems, as R4, earlier versions and OIDs have them. */
const FAMILY: ReadonlyMap<string, 'ActCode' | 'Confidentiality' | 'harmless'> = new Map<string, 'ActCode' | 'Confidentiality' | 'harmless'>([
  ['http://terminology.hl7.org/CodeSystem/v3-ActCode', 'ActCode'],
  ['http://hl7.org/fhir/v3/ActCode', 'ActCode'],
  ['urn:oid:2.16.840.1.113883.5.4', 'ActCode'],
  ['http://terminology.hl7.org/CodeSystem/v3-ActUSPrivacyLaw', 'ActCode'],
  ['http://terminology.hl7.org/CodeSystem/v3-Confidentiality', 'Confidentiality'],
  ['http://hl7.org/fhir/v3/Confidentiality', 'Confidentiality'],
  ['urn:oid:2.16.840.1.113883.5.25', 'Confidentiality'],
  ['http://terminology.hl7.org/CodeSystem/v3-ActReason', 'harmless'],
  ['http://hl7.org/fhir/v3/ActReason', 'harmless'],
  ['http://terminology.hl7.org/CodeSystem/v3-ObservationValue', 'harmless'],
  ['http://hl7.org/fhir/v3/ObservationValue', 'harmless'],
])

/** HL7's InformationSensitivityPolicy (v3-ActCode 9.0.0), and the laws that mean one, by the label that says it. */
const LABELS_OF_CODE: ReadonlyMap<string, readonly SensitivityLabel[]> = new Map<string, readonly SensitivityLabel[]>([
  ...each(['PSY', 'MH', 'BH', 'PSYTHPN', 'COGN', 'DVD', 'EMOTDIS', 'HIPAAPsyNotes'], 'mental-health'),
  ...each(['ETH', 'SUD', 'ETHUD', 'OPIOIDUD', '42CFRPart2', '42CFRPart2CD'], 'substance-use'),
  ...each(['HIV'], 'hiv'),
  ...each(['SDV', 'SEX', 'VIO', 'MST', 'STD', 'PREGNANT'], 'sexual-and-domestic-violence'),
  ...each(['GDIS', 'SCA', 'SICKLE'], 'genetics'),
  ...each(['ADOL'], 'minor-confidential'),
  ...each(['Title38Section7332'], 'substance-use', 'hiv', 'genetics'),
])

/**
 * Codes of ActCode that mark something else: who the person or the place is, and what is to be done with data
 * (ObligationPolicy, RefrainPolicy, laws without a sensitivity).
 */
const UNMEANT = new Set([
  'CEL', 'VIP', 'EMP', 'B', 'EMPL', 'LOCIS', 'PDS', 'IDS', 'DEMO', 'DOB', 'LIVARG', 'MARST', 'PATLOC', 'RACE', 'REL',
  'CPLYCC', 'CPLYCD', 'CPLYCUI', 'CPLYJPP', 'CPLYJSP', 'CPLYOPP', 'CPLYOSP', 'CPLYPOL', 'ENCRYPT', 'ENCRYPTR', 'ENCRYPTT', 'ENCRYPTU', 'ANONY', 'AOD', 'AUDIT',
  'AUDTR', 'DECLASSIFYLABEL', 'DEID', 'DELAU', 'DOWNGRDLABEL', 'DRIVLABEL', 'HUAPRV', 'LABEL', 'MASK', 'MINEC', 'PERSISTLABEL', 'PRIVMARK', 'PSEUD', 'REDACT',
  'UPGRDLABEL', 'PROCESSINLINELABEL', 'CUIMark',
  'NOAUTH', 'NOCOLLECT', 'NODSCLCD', 'NODSCLCDS', 'NOINTEGRATE', 'NOLIST', 'NOMOU', 'NOORGPOL', 'NOPAT', 'NOPERSISTP', 'NORDSCLCD', 'NORDSLCD', 'NORDSCLCDS',
  'NORDSCLW', 'NORELINK', 'NOREUSE', 'NOVIP', 'ORCON', 'CommonRule', 'HIPAAAuth', 'HIPAAConsent', 'HIPAANOPP', 'HIPAAROA', 'HIPAASelfPay',
])

/** Our own labels as codings. */
const OWN = 'urn:chiron:label'

export interface Mark {
  readonly labels: readonly SensitivityLabel[]
  /** Which coding put them on. */
  readonly rule: string
}

/**
 * Labels that an author put on a resource in `meta.security`, its own and those of what it contains. What an author
 * marked is never taken for unmarked: a mark that no single label says (an unknown system or code, a sensitivity without a
 * label, restricted or very restricted for no told reason) puts all of them on.
 */
export function authorMarks(resource: object): Mark[] {
  const marks: Mark[] = []
  let restricted: string | undefined
  for (const coding of securityOf(resource as JsonObject)) {
    const system = textOf(coding['system'])
    const code = textOf(coding['code']) ?? ''
    const rule = `${system ?? ''}|${code}`
    const family = system === undefined ? 'ActCode' : FAMILY.get(system)
    if (family === 'Confidentiality') {
      if (code === 'R' || code === 'V') restricted = rule
      else if (!['N', 'M', 'L', 'U'].includes(code)) marks.push({ labels: SENSITIVITY_LABELS, rule })
    } else if (family !== 'harmless') {
      const labels = family === 'ActCode' ? labelsOfActCode(code) : system === OWN ? ownLabel(code) : SENSITIVITY_LABELS
      if (labels.length > 0) marks.push({ labels, rule })
    }
  }
  if (restricted !== undefined && marks.length === 0) marks.push({ labels: SENSITIVITY_LABELS, rule: restricted })
  return marks
}

function labelsOfActCode(code: string): readonly SensitivityLabel[] {
  return LABELS_OF_CODE.get(code) ?? (UNMEANT.has(code) ? [] : SENSITIVITY_LABELS)
}

function ownLabel(code: string): readonly SensitivityLabel[] {
  const known = SENSITIVITY_LABELS.find((label) => label === code)
  return known === undefined ? SENSITIVITY_LABELS : [known]
}

function securityOf(source: JsonObject): JsonObject[] {
  const own = isObject(source['meta']) ? objectsOf(source['meta']['security']) : []
  return [...own, ...objectsOf(source['contained']).flatMap(securityOf)]
}

function each(codes: readonly string[], ...labels: readonly SensitivityLabel[]): (readonly [string, readonly SensitivityLabel[]])[] {
  return codes.map((code) => [code, labels])
}

import { createHash } from 'node:crypto'
import type { Label } from '@chiron/protocol'
import type { RecordKey, RecordWords } from './model.ts'

const ACT_CODE: Readonly<Partial<Record<Label, string>>> = { 'mental-health': 'PSY', 'substance-use': 'ETH', hiv: 'HIV', genetics: 'GDIS' }
const CODES: Readonly<Record<string, readonly string[]>> = { Observation: ['718-7', '8867-4', '2339-0'], Condition: ['38341003', '44054006'] }

/** Things that stand in one version of one record and nowhere else. */
export interface Canaries {
  readonly word: string
  readonly value: string
  readonly instant: string
  readonly city: string
}

/** `variant` tells the two worlds' versions of a secret record apart; by default it is the record's own. */
export function canariesOf({ key, day, variant: own }: Pick<RecordWords, 'key' | 'day' | 'variant'>, version: number, variant: string = own): Canaries {
  const hash = createHash('sha256').update(`canary/${key}/${version}/${variant}`).digest()
  const at = (index: number, below: number): string => String(hash.readUInt32BE(index) % below)
  const two = (index: number, below: number, from = 0): string => String(Number(at(index, below)) + from).padStart(2, '0')
  return {
    word: `kanari${hash.toString('hex', 0, 7)}`,
    value: `${100 + Number(at(0, 800))}.${two(4, 90, 10)}7`,
    instant: `${day}T${two(11, 24)}:${two(12, 60)}:${two(13, 60)}Z`,
    city: `Kanaristad${hash.toString('hex', 7, 12)}`,
  }
}

/** Codes that several records share, hidden ones and others. */
export function sharedCodeOf(record: RecordWords): string {
  const codes = CODES[record.type] ?? ['code-a', 'code-b']
  return codes[createHash('sha256').update(record.key).digest().readUInt8(0) % codes.length] as string
}

export interface Names {
  /** Id of a record as the organisation that writes knows it. */
  idOf(key: RecordKey): string
}

type Json = Record<string, unknown>

/** A resource as its author writes it. */
export function bodyOf(record: RecordWords, version: number, names: Names, variant?: string): Json {
  const { word, value, instant, city } = canariesOf(record, version, variant)
  const references: Json = {}
  for (const { element, to } of record.references) {
    const reference = { reference: `${typeOfKey(to)}/${names.idOf(to)}` }
    if (LISTS.has(`${record.type}.${element}`)) references[element] = [...((references[element] as Json[] | undefined) ?? []), reference]
    else references[element] = reference
  }
  const [first, second] = record.patients
  const subject = first === undefined ? {} : { reference: `Patient/${names.idOf(`Patient-${first}`)}` }
  const text = { text: word }
  const coded = (system: string): Json => ({ coding: [{ system, code: sharedCodeOf(record) }], ...text })
  const identifier = [{ system: 'urn:leaks', value: word }]
  const security = record.labels.flatMap((label) => ACT_CODE[label] ?? [])
  const common: Json = {
    resourceType: record.type,
    ...(record.localId === undefined ? {} : { id: record.localId }),
    ...(security.length === 0 ? {} : { meta: { security: security.map((code) => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code })) } }),
  }
  switch (record.type) {
    case 'Patient':
      return {
        ...common, identifier, name: [{ family: word }], gender: 'female', birthDate: instant.slice(0, 10),
        address: [{ city }], telecom: [{ system: 'phone', value: `${city}-telecom` }], maritalStatus: { text: `${city}-marital` },
      }
    case 'Observation':
      return {
        ...common, ...references, identifier, status: 'final',
        category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: record.category === 'observations' ? 'social-history' : record.category }] }],
        code: coded('http://loinc.org'), subject, effectiveDateTime: instant,
        valueQuantity: { value: Number(value), unit: word, system: 'http://unitsofmeasure.org', code: 'mg' }, note: [{ text: `${word} note` }],
        ...(second === undefined ? {} : { focus: [{ reference: `Patient/${names.idOf(`Patient-${second}`)}` }] }),
      }
    case 'Condition':
      return {
        ...common, ...references, identifier, subject, recordedDate: instant, onsetDateTime: instant, note: [{ text: `${word} note` }], code: coded('http://snomed.info/sct'),
        clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
      }
    case 'MedicationRequest':
      return { ...common, ...references, identifier, status: 'active', intent: 'order', medicationCodeableConcept: coded('urn:leaks:code'), subject, authoredOn: instant, note: [{ text: `${word} note` }] }
    case 'Encounter':
      return {
        ...common, ...references, identifier, status: 'finished', class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' }, subject,
        period: { start: instant, end: instant }, reasonCode: [coded('urn:leaks:code')],
      }
    case 'DiagnosticReport':
      return {
        ...common, ...references, identifier, status: 'final', category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'LAB' }] }],
        code: coded('urn:leaks:code'), subject, effectiveDateTime: instant, conclusion: `${word} conclusion`,
      }
    case 'AllergyIntolerance':
      return { ...common, ...references, identifier, patient: subject, clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }] }, code: coded('urn:leaks:code'), recordedDate: instant, note: [{ text: `${word} note` }] }
    case 'Provenance':
      return { ...common, ...references, recorded: instant, agent: [{ who: { display: word } }] }
    case 'Basic':
      return { ...common, ...references, identifier, code: coded('urn:leaks:code'), subject, created: instant.slice(0, 10) }
    case 'Group':
      return { ...common, identifier, type: 'person', actual: false, name: word, code: coded('urn:leaks:code') }
    case 'Practitioner':
      return { ...common, identifier, name: [{ family: word }] }
    default:
      throw new TypeError(`no body for ${record.type}`)
  }
}

const LISTS = new Set(['Observation.hasMember', 'Observation.derivedFrom', 'MedicationRequest.reasonReference', 'DiagnosticReport.result', 'Provenance.target', 'Encounter.diagnosis'])

/** Keys begin with the type. */
export function typeOfKey(key: RecordKey): string {
  return key.slice(0, key.indexOf('-'))
}

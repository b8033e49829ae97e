import type { Extension } from '@medplum/fhirtypes'
import { FhirError } from '../errors.ts'
import { ACT_CODE, ISO_3166, LABELS, type ConsentCondition, type ConsentRule } from './consent-codes.ts'

/** Addresses of our extensions; `extension-definitions.ts` defines each. */
export const EXTENSION_URLS = {
  overrides: 'urn:chiron:extension:overrides',
  opensLabel: 'urn:chiron:extension:opens-label',
  roleAt: 'urn:chiron:extension:role-at',
  jurisdiction: 'urn:chiron:extension:jurisdiction',
  secondPerson: 'urn:chiron:extension:second-person',
  acceptedTerms: 'urn:chiron:extension:accepted-terms',
  obligation: 'urn:chiron:extension:obligation',
  absolute: 'urn:chiron:extension:absolute',
} as const

/** In `meta` of what is disclosed: a notice that the law wants to go with it. */
export const NOTICE_URL = 'urn:chiron:extension:notice'

/** What stands in modifier extensions of a provision: whoever passed over it would take the rule for another one. */
export type Modifiers = Pick<ConsentRule, 'conditions' | 'obligations' | 'absolute'> & {
  /** Labels that a permit opens. */
  readonly opened: readonly string[]
}

const HL7_CODE = /^[A-Z][A-Z0-9-]{1,31}$/
const COUNTRY = /^[A-Z]{2}$/
/** RFC 6920: a SHA-256 in base64url without padding. */
const NAMED_HASH = /^ni:\/\/\/sha-256;([A-Za-z0-9_-]{43})$/
const ELEMENT = 'Consent.provision.modifierExtension'

export function modifierExtensions(rule: ConsentRule): Extension[] {
  const { effect, labels, conditions = [], obligations = [], absolute } = rule
  return [
    ...(effect === 'permit' ? labels.map((label): Extension => ({ url: EXTENSION_URLS.opensLabel, valueCoding: LABELS.toCode(label) })) : []),
    ...conditions.map(conditionExtension),
    ...obligations.map((code): Extension => ({ url: EXTENSION_URLS.obligation, valueCoding: { system: ACT_CODE, code } })),
    ...(absolute === undefined ? [] : [{ url: EXTENSION_URLS.absolute, valueBoolean: true }]),
  ]
}

function conditionExtension(condition: ConsentCondition): Extension {
  switch (condition.kind) {
    case 'jurisdiction':
      return {
        url: EXTENSION_URLS.jurisdiction,
        extension: [{ url: 'within', valueBoolean: condition.within }, ...condition.of.map((code) => ({ url: 'country', valueCoding: { system: ISO_3166, code } }))],
      }
    case 'second-person':
      return { url: EXTENSION_URLS.secondPerson, valueBoolean: true }
    case 'terms':
      return { url: EXTENSION_URLS.acceptedTerms, valueUri: `ni:///sha-256;${base64urlOfHex(condition.hash)}` }
  }
}

/** @throws FhirError ERR_FHIR_CONSENT_NOT_EXPRESSIBLE for any that a rule has no place for */
export function readModifiers(extensions: readonly Extension[], effect: 'permit' | 'deny'): Modifiers {
  const opened: string[] = []
  const conditions: ConsentCondition[] = []
  const obligations: string[] = []
  let absolute = false
  const isPermit = effect === 'permit'
  for (const extension of extensions) {
    const { url } = extension
    if (url === EXTENSION_URLS.jurisdiction) conditions.push(jurisdictionOf(extension))
    else if (url === EXTENSION_URLS.opensLabel && isPermit) opened.push(read(LABELS.toWord(extension.valueCoding?.system, extension.valueCoding?.code)))
    else if (url === EXTENSION_URLS.secondPerson && isPermit && extension.valueBoolean === true) conditions.push({ kind: 'second-person' })
    else if (url === EXTENSION_URLS.acceptedTerms && isPermit) conditions.push({ kind: 'terms', hash: read(hexOfName(extension.valueUri)) })
    else if (url === EXTENSION_URLS.obligation && isPermit) obligations.push(read(obligationOf(extension)))
    else if (url === EXTENSION_URLS.absolute && !isPermit && extension.valueBoolean === true) absolute = true
    else throw refused()
  }
  return {
    opened,
    ...(conditions.length > 0 ? { conditions } : {}),
    ...(obligations.length > 0 ? { obligations } : {}),
    ...(absolute ? { absolute } : {}),
  }
}

function jurisdictionOf({ extension = [] }: Extension): ConsentCondition {
  const [first, ...others] = extension
  const within = first?.url === 'within' ? first.valueBoolean : undefined
  const of = others.map(({ url, valueCoding }) => (url === 'country' && valueCoding?.system === ISO_3166 ? valueCoding.code : undefined))
  if (within === undefined || of.length === 0) throw refused()
  return { kind: 'jurisdiction', within, of: of.map((code) => read(code !== undefined && COUNTRY.test(code) ? code : undefined)) }
}

function obligationOf({ valueCoding }: Extension): string | undefined {
  const { system, code } = valueCoding ?? {}
  return system === ACT_CODE && code !== undefined && HL7_CODE.test(code) ? code : undefined
}

function read<T>(value: T | undefined): T {
  if (value === undefined) throw refused()
  return value
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function base64urlOfHex(hex: string): string {
  let text = ''
  for (let at = 0; at < hex.length; at += 3) {
    const bits = hex.slice(at, at + 3)
    const value = Number.parseInt(bits.padEnd(3, '0'), 16)
    text += (BASE64URL[value >> 6] ?? '') + (bits.length > 1 ? (BASE64URL[value & 63] ?? '') : '')
  }
  return text
}

/** 64 hexadecimal digits take 43 letters, of which the last holds 4 bits and two that must be nought. */
function hexOfName(name: string | undefined): string | undefined {
  const text = NAMED_HASH.exec(name ?? '')?.[1]
  if (text === undefined) return undefined
  let hex = ''
  for (let at = 0; at + 1 < text.length; at += 2) hex += (BASE64URL.indexOf(text[at] ?? '') * 64 + BASE64URL.indexOf(text[at + 1] ?? '')).toString(16).padStart(3, '0')
  const last = BASE64URL.indexOf(text[42] ?? '')
  return (last & 3) === 0 ? hex + (last >> 2).toString(16) : undefined
}

function refused(): FhirError {
  return new FhirError('ERR_FHIR_CONSENT_NOT_EXPRESSIBLE', { element: ELEMENT })
}

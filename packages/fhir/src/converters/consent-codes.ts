/** Who a rule is about. `id` is a DID or the id of a FHIR resource; a role is named by its code. */
export type Grantee =
  | { readonly kind: 'person' | 'organisation'; readonly id: string; readonly display?: string }
  /** Whoever has the role; `at` one organisation, if it is named. */
  | { readonly kind: 'role'; readonly id: string; readonly display?: string; readonly at?: { readonly id: string; readonly display?: string } }
  | { readonly kind: 'anyone-treating' }
  /** Whoever acts for a member; a Consent that names no actor. */
  | { readonly kind: 'anyone' }

/** What must hold for a rule to speak. Countries are ISO 3166-1 alpha-2; `hash` is a SHA-256 in hexadecimal. */
export type ConsentCondition =
  | { readonly kind: 'jurisdiction'; readonly within: boolean; readonly of: readonly string[] }
  | { readonly kind: 'second-person' }
  | { readonly kind: 'terms'; readonly hash: string }

export type RuleAction = 'read' | 'write' | 'share' | 'research'

/**
 * A rule as FHIR clients see it. Empty `purposes`, `categories` and `records` restrict nothing. `labels` on a permit
 * are sensitivity labels it also opens; on a denial, those it is limited to. Intervals are `[from, until)` in Unix
 * milliseconds.
 */
export interface ConsentRule {
  readonly id: string
  readonly patientId: string
  readonly status: 'proposed' | 'active' | 'inactive' | 'entered-in-error'
  readonly effect: 'permit' | 'deny'
  readonly grantee: Grantee
  readonly purposes: readonly string[]
  readonly categories: readonly string[]
  readonly labels: readonly string[]
  /** References such as `Observation/123`. */
  readonly records: readonly string[]
  readonly actions: readonly RuleAction[]
  readonly fromMs: number
  readonly untilMs?: number
  readonly dataFromMs?: number
  readonly dataUntilMs?: number
  /** Id of the denial that this permit overrides. */
  readonly overrides?: string
  /** All must hold. At least one where there are any; on a denial jurisdictions only. */
  readonly conditions?: readonly ConsentCondition[]
  /** Codes of HL7's ObligationPolicy and RefrainPolicy that bind whoever is served. Of permits; at least one where there are any. */
  readonly obligations?: readonly string[]
  /** A denial that also stands in an emergency. */
  readonly absolute?: true
}

/** LOINC's code for a consent, the category of every rule. */
export const CATEGORY_CODE = { system: 'http://loinc.org', code: '59284-0' } as const
export const POLICY_URI = 'urn:chiron:policy:consent-rule'
export const CATEGORY_SYSTEM = 'urn:chiron:category'
export const LABEL_SYSTEM = 'urn:chiron:label'
export const PURPOSE_SYSTEM = 'urn:chiron:purpose'
export const ROLE_SYSTEM = 'urn:chiron:role'
export const ACT_REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason'
export const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
export const CONSENT_ACTION = 'http://terminology.hl7.org/CodeSystem/consentaction'
export const RFC_3986 = 'urn:ietf:rfc:3986'
export const ISO_3166 = 'urn:iso:std:iso:3166'
export const ANYONE_TREATING = 'anyone-treating'

export interface Code {
  readonly system: string
  readonly code: string
}

/** Words of ours with a standard code that means exactly the same, in both directions. */
class CodeMap {
  readonly #own: string
  readonly #standard: string
  readonly #toStandard: ReadonlyMap<string, string>
  readonly #fromStandard: ReadonlyMap<string, string>

  constructor(own: string, standard: string, pairs: Readonly<Record<string, string>>) {
    this.#own = own
    this.#standard = standard
    this.#toStandard = new Map(Object.entries(pairs))
    this.#fromStandard = new Map(Object.entries(pairs).map(([word, code]) => [code, word]))
  }

  toCode(word: string): Code {
    const code = this.#toStandard.get(word)
    return code === undefined ? { system: this.#own, code: word } : { system: this.#standard, code }
  }

  /** The word for a code, or undefined if there is none of exactly this meaning. */
  toWord(system: string | undefined, code: string | undefined): string | undefined {
    if (code === undefined) return undefined
    if (system === this.#own) return this.#toStandard.has(code) ? undefined : code
    return system === this.#standard ? this.#fromStandard.get(code) : undefined
  }
}

const HL7_CODE = /^[A-Z][A-Z0-9-]*$/

/** Purposes: codes of HL7's PurposeOfUse (v3-ActReason) as they are, in capitals; any other word is one of ours. */
export const PURPOSES: Pick<CodeMap, 'toCode' | 'toWord'> = {
  toCode: (word) => ({ system: HL7_CODE.test(word) ? ACT_REASON : PURPOSE_SYSTEM, code: word }),
  toWord: (system, code) => {
    if (code === undefined || (system !== ACT_REASON && system !== PURPOSE_SYSTEM)) return undefined
    return HL7_CODE.test(code) === (system === ACT_REASON) ? code : undefined
  },
}

export const LABELS: CodeMap = new CodeMap(LABEL_SYSTEM, ACT_CODE, {
  'mental-health': 'MH',
  'substance-use': 'SUD',
  hiv: 'HIV',
  'sexual-and-domestic-violence': 'SDV',
  genetics: 'GDIS',
})

export const ACTIONS: Readonly<Record<RuleAction, Code>> = {
  read: { system: CONSENT_ACTION, code: 'access' },
  write: { system: CONSENT_ACTION, code: 'correct' },
  share: { system: CONSENT_ACTION, code: 'disclose' },
  research: { system: 'urn:chiron:action', code: 'research' },
}

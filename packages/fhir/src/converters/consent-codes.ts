/** Who a rule is about. `id` is a DID or the id of a FHIR resource; a role is named by its code. */
export type Grantee =
  | { readonly kind: 'person' | 'organisation'; readonly id: string; readonly display?: string }
  | { readonly kind: 'role'; readonly id: string; readonly display?: string }
  | { readonly kind: 'anyone-treating' }
  /** Whoever acts for a member; a Consent that names no actor. */
  | { readonly kind: 'anyone' }

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
}

export const POLICY_URI = 'urn:chiron:policy:consent-rule'
export const CATEGORY_SYSTEM = 'urn:chiron:category'
export const LABEL_SYSTEM = 'urn:chiron:label'
export const PURPOSE_SYSTEM = 'urn:chiron:purpose'
export const ROLE_SYSTEM = 'urn:chiron:role'
export const OVERRIDES_URL = 'urn:chiron:extension:overrides'
/** Changes the meaning of a permit (it opens more than its other elements say), hence a modifier extension. */
export const OPENS_LABEL_URL = 'urn:chiron:extension:opens-label'
export const ACT_REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason'
export const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
export const CONSENT_ACTION = 'http://terminology.hl7.org/CodeSystem/consentaction'
export const RFC_3986 = 'urn:ietf:rfc:3986'
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

import type { Action, Did, Handle, MessageOf, ObjectId, RecordId, Role, RuleTerms, Tag } from '@chiron/protocol'

/** Tiers in the order in which they are asked. */
export type Tier = '0' | '1' | '2' | '3a' | '3b' | '4' | '5' | '6' | '7' | '8' | '9' | '10'

export type IdentityKind = MessageOf<'identity.register'>['kind']

/** Stable reasons, one or more for each tier that decides. */
export type DecisionCode =
  | 'DENY_INVALID'
  | 'PERMIT_OWN'
  | 'PERMIT_AUTHOR'
  | 'DENY_RULE'
  | 'DENY_SENSITIVE'
  | 'PERMIT_RULE'
  | 'PERMIT_DIRECTORY'
  | 'PERMIT_TREATING'
  | 'DENY_DEFAULT'
  | 'DENY_ERROR'

/** What must be done with what is permitted. `identity-only`: show no more of a Patient than identifies the person. */
export type Obligation = 'identity-only'

/** `rules` are the rules that decided: the standing denials of a deny, the permits of a permit. */
export interface Decision {
  readonly effect: 'permit' | 'deny'
  readonly tier: Tier
  readonly code: DecisionCode
  readonly rules: readonly ObjectId[]
  readonly obligations: readonly Obligation[]
  /** 32 bytes: which policy decided, see `policy.ts`. */
  readonly policyHash: Uint8Array
}

export interface RuleFacts {
  readonly id: ObjectId
  readonly terms: RuleTerms
}

/** In force while block time lies in [fromMs, untilMs), unless contested. */
export interface TreatmentFacts {
  readonly organisation: Did
  readonly fromMs: number
  readonly untilMs: number
  readonly contested: boolean
}

/** What the state says about one handle. */
export interface PatientFacts {
  readonly handle: Handle
  /** Null when nobody owns the handle. `custodial`: the keys are held by another, outside a sample network. */
  readonly owner: { readonly did: Did; readonly kind: 'patient' | 'organisation'; readonly custodial: boolean } | null
  readonly rules: readonly RuleFacts[]
  readonly treatments: readonly TreatmentFacts[]
  /** Organisations that authored at least one entry of the handle's list. */
  readonly authors: readonly Did[]
}

/** What the state says about a reader who acts through an organisation. */
export interface ReaderFacts {
  readonly did: Did
  /** Null when the identity is unknown. */
  readonly kind: IdentityKind | null
  readonly suspended: boolean
  readonly organisation: Did
  /** Whether the organisation is a member and not suspended; or the reader itself, a patient who holds the keys and acts through nobody. */
  readonly organisationLive: boolean
  /** Roles attested at the organisation. */
  readonly attestations: readonly { readonly role: Role; readonly untilMs: number }[]
  /** The reader's delegation to the organisation's gateway; no purposes means all. */
  readonly delegation: { readonly purposes: readonly string[]; readonly untilMs: number } | null
}

/** `new` is a record that is about to be written for the first time. */
export interface RecordFacts {
  readonly id: RecordId
  readonly state: 'new' | 'present' | 'unknown' | 'erased'
  /** The organisation that authored the newest version; null for a new record. */
  readonly author: Did | null
  readonly category: Tag
  readonly labels: readonly Tag[]
  /** Bits of `RecordFlag`. */
  readonly flags: number
}

/** Either one record, or the patient: whether anything may be opened at all. */
export type Target = { readonly kind: 'patient' } | { readonly kind: 'record'; readonly record: RecordFacts }

/** Who asks, through which organisation, for what. `purpose` is an HL7 PurposeOfUse code, compared exactly. */
export interface AccessRequest {
  readonly reader: Did
  readonly organisation: Did
  readonly purpose: string
  readonly action: Action
}

import type { Action, Did, Handle, MessageOf, ObjectId, RecordDates, RecordId, Role, RuleTerms, Tag } from '@chiron/protocol'

/** Tiers in the order in which they are asked. */
export type Tier = '0' | '1' | '2' | '3a' | '3b' | '4' | '5' | '6' | '7' | '8' | '9' | '10'

export type IdentityKind = MessageOf<'identity.register'>['kind']

/** Stable reasons, one or more for each tier that decides. */
export type DecisionCode =
  | 'DENY_INVALID'
  | 'DENY_ORDER'
  | 'PERMIT_OWN'
  | 'PERMIT_ORDER'
  | 'PERMIT_AUTHOR'
  | 'PERMIT_EMERGENCY'
  | 'DENY_RULE'
  | 'DENY_SENSITIVE'
  | 'PERMIT_RULE'
  | 'PERMIT_DIRECTORY'
  | 'PERMIT_TREATING'
  | 'PERMIT_DELEGATE'
  | 'DENY_DELEGATE'
  | 'DENY_DEFAULT'
  | 'DENY_ERROR'

/**
 * What must be done with what is permitted, by whoever serves it; who cannot must refuse. In lower case what this policy
 * asks: `identity-only`: show no more of a Patient than identifies the person; `review-emergency`: another organisation
 * reviews the access; `list-as-delegate`: the patient's list names the delegate. In upper case a code of HL7's
 * ObligationPolicy or RefrainPolicy (v3-ActCode) that a permit carries.
 */
export type Obligation = 'identity-only' | 'review-emergency' | 'list-as-delegate' | (string & NonNullable<unknown>)

/**
 * `rules` are the rules that decided: the standing denials of a deny, the permits of a permit; orders, delegations and
 * emergencies by their ids as well. `obligations`: each once, the policy's own first, then codes in ascending order.
 */
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

/** An order of an authority, about this patient or about all: a denial nobody can waive, or a permit on a legal basis. */
export interface OrderFacts {
  readonly id: ObjectId
  readonly terms: RuleTerms
}

/** Whom the patient lets act in their place, in [fromMs, untilMs). No categories: all. No labels: nothing labelled. */
export interface DelegateFacts {
  readonly id: ObjectId
  readonly delegate: Did
  /** Whether another holds the delegate's keys, outside a sample network. */
  readonly custodial: boolean
  readonly actions: readonly Action[]
  readonly categories: readonly Tag[]
  readonly labels: readonly Tag[]
  readonly fromMs: number
  readonly untilMs: number
}

/**
 * A declared emergency, in force in [fromMs, untilMs): up to the confirmation's deadline until it is confirmed, then to
 * its end. One that ended, was contested or found unjustified is not among the facts.
 */
export interface EmergencyFacts {
  readonly id: ObjectId
  readonly reader: Did
  readonly organisation: Did
  readonly fromMs: number
  readonly untilMs: number
}

/** A second professional of the organisation stands by the reader's access for exactly this purpose, in [fromMs, untilMs). */
export interface EndorsementFacts {
  readonly reader: Did
  readonly organisation: Did
  readonly purpose: string
  readonly endorser: Did
  readonly fromMs: number
  readonly untilMs: number
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
  /** Orders about this handle and about every patient. */
  readonly orders: readonly OrderFacts[]
  readonly delegates: readonly DelegateFacts[]
  readonly emergencies: readonly EmergencyFacts[]
  readonly endorsements: readonly EndorsementFacts[]
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
  /** Country under whose law the organisation acts (ISO 3166-1 alpha-2); null when it is not known. */
  readonly jurisdiction: string | null
  /** SHA-256 (32 bytes) of the terms that the organisation accepted. */
  readonly acceptedTerms: readonly Uint8Array[]
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
  /** The organisation that authored the first version; null for a new record. */
  readonly firstAuthor: Did | null
  /** First and last shifted day that the data is about; null when it has no dates. */
  readonly dates: RecordDates | null
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

import type { Action, Did, EmergencyReason, MessageOf, ObjectId, RecordId, Tag } from '@chiron/protocol'
import type { Tier } from '../../decide/types.ts'

/** Why an access ended; numbers on the ledger are never reused. */
export const CLOSE_REASONS = { organisation: 1, patient: 2, 'no-basis': 3, expired: 4 } as const
export type CloseReason = keyof typeof CLOSE_REASONS

interface At {
  /** Block time. */
  readonly timeMs: number
}

/** An access was opened: who, for which organisation, why, until when at most, under which tier and rules (8 at most). */
export interface OpenEntry extends At {
  readonly kind: 'open'
  readonly access: ObjectId
  readonly reader: Did
  readonly organisation: Did
  readonly purpose: string
  readonly action: Action
  readonly untilMs: number
  readonly tier: Tier
  readonly rules: readonly ObjectId[]
}

/** An access ended at `endedMs`. One that ran out may be written down later than it ended. */
export interface CloseEntry extends At {
  readonly kind: 'close'
  readonly access: ObjectId
  readonly reason: CloseReason
  readonly endedMs: number
}

/** The gateway of `organisation` refused a reader `count` times; null: somebody whom it may not name. SPEC-ACC-10. */
export interface RefusalEntry extends At {
  readonly kind: 'refusal'
  readonly reader: Did | null
  readonly organisation: Did
  readonly purpose: string
  readonly action: Action
  readonly count: number
}

/** What was displayed under an access: items by category, and a root over details. */
export interface ReportEntry extends At {
  readonly kind: 'report'
  readonly access: ObjectId
  readonly counts: readonly { readonly category: Tag; readonly count: number }[]
  readonly root: Uint8Array
}

/** A rule was made or replaced. `terms` is the SHA-256 of its terms' canonical encoding. */
export interface RuleEntry extends At {
  readonly kind: 'grant' | 'modify'
  readonly rule: ObjectId
  readonly effect: 'permit' | 'deny'
  readonly terms: Uint8Array
}

export interface RevokeEntry extends At {
  readonly kind: 'revoke'
  readonly rule: ObjectId
}

export interface RequestEntry extends At {
  readonly kind: 'request'
  readonly request: ObjectId
  readonly reader: Did
  readonly organisation: Did
}

/** A request was approved, which made `rule`, or denied (`rule` null). */
export interface AnswerEntry extends At {
  readonly kind: 'answer'
  readonly request: ObjectId
  readonly rule: ObjectId | null
}

/** An organisation states that it treats the patient. */
export interface TreatmentEntry extends At {
  readonly kind: 'treatment'
  readonly organisation: Did
  readonly untilMs: number
}

export interface ContestEntry extends At {
  readonly kind: 'contest'
  readonly organisation: Did
}

/** An authority ordered something about the patient. `terms` and `basis` are SHA-256 of its terms and of what it rests on. */
export interface OrderEntry extends At {
  readonly kind: 'order'
  readonly order: ObjectId
  readonly authority: Did
  readonly effect: 'permit' | 'deny'
  readonly terms: Uint8Array
  readonly basis: Uint8Array
}

/** An order was lifted by its authority or by who governs. */
export interface LiftEntry extends At {
  readonly kind: 'lift'
  readonly order: ObjectId
  readonly by: Did
}

/** The patient lets a person act in their place. `scope` is the SHA-256 of actions, categories and labels, encoded canonically. */
export interface AppointEntry extends At {
  readonly kind: 'appoint'
  readonly delegation: ObjectId
  readonly delegate: Did
  readonly untilMs: number
  readonly scope: Uint8Array
}

export interface DismissEntry extends At {
  readonly kind: 'dismiss'
  readonly delegate: Did
}

/** A second professional stands by a reader's access. */
export interface EndorsementEntry extends At {
  readonly kind: 'endorsement'
  readonly reader: Did
  readonly organisation: Did
  readonly purpose: string
  readonly endorser: Did
  readonly untilMs: number
}

/** An emergency was declared; until `untilMs` unless it is confirmed. The access that it opens has an entry of its own. */
export interface EmergencyEntry extends At {
  readonly kind: 'emergency'
  readonly emergency: ObjectId
  readonly reader: Did
  readonly organisation: Did
  readonly reason: EmergencyReason
  readonly untilMs: number
}

/** A second clinician confirmed an emergency: it, and what it opened, may now last until `untilMs`. */
export interface ConfirmationEntry extends At {
  readonly kind: 'confirmation'
  readonly emergency: ObjectId
  readonly confirmer: Did
  readonly organisation: Did
  readonly untilMs: number
}

/** A professional of another organisation reviewed an emergency. */
export interface ReviewEntry extends At {
  readonly kind: 'review'
  readonly emergency: ObjectId
  readonly reviewer: Did
  readonly organisation: Did
  readonly outcome: ReviewOutcome
}
export type ReviewOutcome = MessageOf<'access.reviewEmergency'>['outcome']

/** The patient contests an emergency: it has ended, and its review is open. */
export interface DisputeEntry extends At {
  readonly kind: 'dispute'
  readonly emergency: ObjectId
}

/** The custodian gave out a claim code, good until `untilMs`. */
export interface ClaimOfferEntry extends At {
  readonly kind: 'claim-offer'
  readonly organisation: Did
  readonly untilMs: number
}

/** The patient took the identity over from `custodian`; `organisation` passed it on. What was signed before, the custodian signed. */
export interface ClaimEntry extends At {
  readonly kind: 'claim'
  readonly organisation: Did
  readonly custodian: Did
}

/** Labels of a record changed: `by` its author, or the patient (null). */
export interface LabelEntry extends At {
  readonly kind: 'label'
  readonly record: RecordId
  readonly by: Did | null
  readonly added: readonly Tag[]
  readonly removed: readonly Tag[]
}

export type AccessEntry =
  | OpenEntry | CloseEntry | RefusalEntry | ReportEntry | RuleEntry | RevokeEntry | RequestEntry | AnswerEntry | TreatmentEntry | ContestEntry
  | ClaimOfferEntry | ClaimEntry
  | OrderEntry | LiftEntry | AppointEntry | DismissEntry | EndorsementEntry | EmergencyEntry | ConfirmationEntry | ReviewEntry | DisputeEntry | LabelEntry

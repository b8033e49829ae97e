import type { Action, Category, Label } from '@chiron/protocol'

/** What a seed decides, without ids: the same for both worlds. */
export type OrganisationName = 'riverside' | 'lakeside'
export type UserName = 'physician' | 'nurse' | 'admin'
/** `p0`, `p1`, `p2`. */
export type PatientKey = string
export type RecordKey = string

export const PATIENTS: readonly PatientKey[] = ['p0', 'p1', 'p2']

export type GranteeWords =
  | { readonly kind: 'person'; readonly organisation: OrganisationName; readonly user: UserName }
  | { readonly kind: 'patient'; readonly patient: PatientKey }
  | { readonly kind: 'organisation'; readonly organisation: OrganisationName }
  | { readonly kind: 'role'; readonly role: 'physician' | 'nurse'; readonly organisation?: OrganisationName }
  | { readonly kind: 'anyone-treating' }
  | { readonly kind: 'anyone' }

/** Terms of use are called by a name. */
export type ConditionWords =
  | { readonly kind: 'jurisdiction'; readonly within: boolean; readonly of: readonly string[] }
  | { readonly kind: 'second-person' }
  | { readonly kind: 'terms'; readonly terms: string }

/** What a patient says, or an authority orders. */
export interface RuleWords {
  readonly key: string
  readonly patient: PatientKey
  readonly effect: 'permit' | 'deny'
  readonly grantee: GranteeWords
  readonly purposes: readonly string[]
  readonly categories: readonly Category[]
  readonly labels: readonly Label[]
  readonly records: readonly RecordKey[]
  readonly actions: readonly Action[]
  /** Milliseconds from when it is said; null: without end. */
  readonly forMs: number | null
  readonly overrides: string | null
  readonly absolute?: true
  /** Dates (`YYYY-MM-DD`) of what it is about: from the first, before the second. */
  readonly data?: { readonly from: string | null; readonly until: string | null }
  readonly conditions?: readonly ConditionWords[]
  readonly obligations?: readonly string[]
}

export interface RecordWords {
  readonly key: RecordKey
  readonly type: string
  readonly category: Category | 'internal' | 'directory'
  /** Put on by the author. */
  readonly labels: readonly Label[]
  readonly patients: readonly PatientKey[]
  readonly author: OrganisationName
  /** Earlier records of the same author, and by which element. */
  readonly references: readonly { readonly element: string; readonly to: RecordKey }[]
  readonly localId?: string
  /** The day (`YYYY-MM-DD`) that it is about, in every version. */
  readonly day: string
  /** Whose words it is made of: those of the first world, or others. */
  readonly variant: '' | 'other'
  readonly versions: number
  /** Deleted after everything is written. */
  readonly deleted: boolean
}

/** What consent is told while a seed runs. */
export type Saying =
  | { readonly say: 'rule'; readonly rule: RuleWords }
  | { readonly say: 'revoke'; readonly rule: string }
  /** By the authority, about one patient or about everybody. */
  | { readonly say: 'order'; readonly rule: RuleWords; readonly everybody: boolean }
  | { readonly say: 'lift'; readonly rule: string }
  /** A second professional stands by the reader's access. */
  | { readonly say: 'endorse'; readonly patient: PatientKey; readonly reader: ReaderWords; readonly forMs: number }
  | { readonly say: 'accept'; readonly organisation: OrganisationName; readonly terms: string }
  | { readonly say: 'treat'; readonly patient: PatientKey; readonly organisation: OrganisationName }
  | { readonly say: 'contest'; readonly patient: PatientKey; readonly organisation: OrganisationName }
  | { readonly say: 'delegate'; readonly patient: PatientKey; readonly to: PatientKey; readonly categories: readonly Category[]; readonly labels: readonly Label[] }
  | { readonly say: 'dismiss'; readonly patient: PatientKey; readonly to: PatientKey }
  | { readonly say: 'emergency'; readonly patient: PatientKey; readonly organisation: OrganisationName; readonly user: UserName }
  /** A second clinician confirms it, the patient contests it, or another organisation finds it unjustified. */
  | { readonly say: 'confirm' | 'protest' | 'condemn'; readonly patient: PatientKey; readonly organisation: OrganisationName; readonly user: UserName }
  /** A patient's own labels on a record of theirs. */
  | { readonly say: 'label'; readonly patient: PatientKey; readonly record: RecordKey; readonly labels: readonly Label[]; readonly change: 'add' | 'remove' }
  /** The organisation takes a user's role back. */
  | { readonly say: 'expel'; readonly organisation: OrganisationName; readonly user: UserName }
  | { readonly say: 'wait'; readonly ms: number }

/** Who is dismissed was a colleague, and has a token that is still good. */
export type ReaderKind = 'colleague' | 'granted' | 'dismissed' | 'patient' | 'delegate' | 'emergency' | 'nobody'

export interface ReaderWords {
  readonly kind: ReaderKind
  readonly organisation: OrganisationName
  readonly user?: UserName
  readonly patient?: PatientKey
  readonly purpose: string
  readonly scopes: readonly string[]
}

/** What is different about a record in the second world. */
export type Difference = 'absent' | 'content' | 'versions' | 'deleted' | 'labels'

export interface Epoch {
  readonly sayings: readonly Saying[]
}

export interface Scenario {
  readonly seed: number
  readonly reader: ReaderWords
  readonly patients: readonly PatientKey[]
  readonly records: readonly RecordWords[]
  readonly epochs: readonly Epoch[]
}

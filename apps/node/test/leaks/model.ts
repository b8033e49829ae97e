import type { Action, Category, Label } from '@chiron/protocol'

/** What a seed decides, without ids: the same for both worlds. */
export type OrganisationName = 'riverside' | 'lakeside'
export type UserName = 'physician' | 'nurse' | 'admin'
/** `p0`, `p1`, `p2`. */
export type PatientKey = string
export type RecordKey = string

export type GranteeWords =
  | { readonly kind: 'person'; readonly organisation: OrganisationName; readonly user: UserName }
  | { readonly kind: 'patient'; readonly patient: PatientKey }
  | { readonly kind: 'organisation'; readonly organisation: OrganisationName }
  | { readonly kind: 'role'; readonly role: 'physician' | 'nurse'; readonly organisation?: OrganisationName }
  | { readonly kind: 'anyone-treating' }
  | { readonly kind: 'anyone' }

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
  /** Days, as the ledger counts them. */
  readonly data?: { readonly from: number | null; readonly until: number | null }
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
  readonly versions: number
  /** Deleted after everything is written. */
  readonly deleted: boolean
}

/** What consent is told while a seed runs. */
export type Saying =
  | { readonly say: 'rule'; readonly rule: RuleWords }
  | { readonly say: 'revoke'; readonly rule: string }
  | { readonly say: 'treat'; readonly patient: PatientKey; readonly organisation: OrganisationName }
  | { readonly say: 'contest'; readonly patient: PatientKey; readonly organisation: OrganisationName }
  | { readonly say: 'delegate'; readonly patient: PatientKey; readonly to: PatientKey; readonly categories: readonly Category[]; readonly labels: readonly Label[] }
  | { readonly say: 'dismiss'; readonly patient: PatientKey; readonly to: PatientKey }
  | { readonly say: 'emergency'; readonly patient: PatientKey; readonly organisation: OrganisationName; readonly user: UserName }
  | { readonly say: 'wait'; readonly ms: number }

export type ReaderKind = 'colleague' | 'granted' | 'patient' | 'delegate' | 'emergency' | 'nobody'

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

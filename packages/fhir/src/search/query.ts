import type { Issue } from '../outcomes/issue.ts'

export type Comparator = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap'

/** Token: an absent `system` means any, `''` means none; an absent `code` means any in the system. */
export interface TokenValue {
  readonly kind: 'token'
  readonly system?: string
  readonly code?: string
}
export interface TextValue {
  readonly kind: 'text'
  readonly normalized: string
}
/** Reference: `type` `''` and a URL as `id` for what lies elsewhere; an absent `type` means any. */
export interface ReferenceValue {
  readonly kind: 'reference'
  readonly type?: string
  readonly id: string
}
export interface DateValue {
  readonly kind: 'date'
  readonly comparator: Comparator
  readonly lowMs: number
  readonly highMs: number
}
export interface StringValue {
  readonly kind: 'string'
  readonly match: 'starts' | 'contains' | 'exact'
  readonly text: string
}
/** `low` and `high` bound the values that equal `value` at the precision it was written with: `low <= x < high`. */
export interface NumberValue {
  readonly kind: 'number'
  readonly comparator: Comparator
  readonly value: number
  readonly low: number
  readonly high: number
}
export interface QuantityValue {
  readonly kind: 'quantity'
  readonly comparator: Comparator
  readonly value: number
  readonly low: number
  readonly high: number
  readonly system?: string
  readonly code?: string
}
export interface UriValue {
  readonly kind: 'uri'
  readonly match: 'exact' | 'below' | 'above'
  readonly uri: string
}

export type SearchValue = TokenValue | TextValue | ReferenceValue | DateValue | StringValue | NumberValue | QuantityValue | UriValue
export type SearchKind = 'token' | 'reference' | 'date' | 'string' | 'quantity' | 'uri' | 'number'

/** One condition. All clauses of a query hold together; the values of a clause are alternatives. */
export type Clause =
  | {
      readonly op: 'match'
      readonly param: string
      readonly paramId: number
      readonly kind: SearchKind
      readonly negated: boolean
      readonly values: readonly SearchValue[]
    }
  | { readonly op: 'missing'; readonly param: string; readonly paramId: number; readonly kind: SearchKind; readonly missing: boolean }
  | { readonly op: 'id'; readonly negated: boolean; readonly ids: readonly string[] }
  | { readonly op: 'lastUpdated'; readonly values: readonly DateValue[] }
  /** The reference `param` leads to a visible resource of one of the types for which its clause holds. */
  | { readonly op: 'chain'; readonly param: string; readonly paramId: number; readonly targets: readonly { readonly type: string; readonly clause: Clause }[] }
  /** A visible resource of `type` refers here by `param`, and `clause` holds for it. */
  | { readonly op: 'has'; readonly type: string; readonly param: string; readonly paramId: number; readonly target: string; readonly clause: Clause }

export interface SortKey {
  readonly param: string
  /** `id` and `lastUpdated` sort by columns. */
  readonly by: SearchKind | 'id' | 'lastUpdated'
  readonly paramId: number
  readonly descending: boolean
}

export interface Include {
  readonly reverse: boolean
  readonly iterate: boolean
  /** Numbers of the reference parameters to follow; several for `*`. */
  readonly paramIds: readonly number[]
  /** Only targets (or, reversed, only sources pointing at targets) of this type. */
  readonly targetType?: string
}

/** Where a page starts: after a row, in the order of rows; or at an offset among the rows up to `upTo`, when sorted. */
export type PageStart = { readonly by: 'row'; readonly afterRid: number } | { readonly by: 'offset'; readonly offset: number; readonly upTo?: number }

export interface SearchQuery {
  readonly type: string
  readonly clauses: readonly Clause[]
  readonly sort: readonly SortKey[]
  /** Rows per page; 0 asks for the total only. */
  readonly count: number
  readonly start: PageStart
  readonly includes: readonly Include[]
  readonly total: 'none' | 'estimate' | 'accurate'
  readonly summary?: 'true' | 'text' | 'data' | 'count'
  readonly elements?: readonly string[]
  /** What was used, in the order given, for the self link; paging parameters are left out. */
  readonly applied: readonly (readonly [name: string, value: string])[]
  /** Parameters that were not used (`Prefer: handling=lenient`), as issues for an outcome entry. */
  readonly ignored: readonly Issue[]
}

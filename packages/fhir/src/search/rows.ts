/** A row of the search index. `param` is the search parameter's code; `rid` is added when it is stored. */
export type IndexRow =
  | { readonly param: string; readonly kind: 'token'; readonly system: string; readonly code: string }
  | { readonly param: string; readonly kind: 'text'; readonly normalized: string }
  | { readonly param: string; readonly kind: 'reference'; readonly targetType: string; readonly targetId: string }
  | { readonly param: string; readonly kind: 'date'; readonly lowMs: number; readonly highMs: number }
  | { readonly param: string; readonly kind: 'string'; readonly normalized: string; readonly exact: string }
  | { readonly param: string; readonly kind: 'quantity'; readonly value: number; readonly system: string; readonly code: string }
  | { readonly param: string; readonly kind: 'uri'; readonly uri: string }
  | { readonly param: string; readonly kind: 'number'; readonly value: number }

export type IndexKind = IndexRow['kind']

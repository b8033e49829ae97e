/** Lower-case hex of the access's `ObjectId` (32 characters). */
export type AccessKey = string

/**
 * What one reader may see. It is applied inside every query, so that totals, paging, sorting, includes and chains
 * follow it. A row is visible if it is authored here and not narrowed, or if an access in `accesses` opened it and
 * such accesses cover every patient it is about, or if it is in the directory.
 */
export interface Visibility {
  /** Open accesses the reader may use now; keys the index does not know open nothing. */
  readonly accesses: readonly AccessKey[]
  /**
   * Rows this organisation authored: all, none, or those about nobody but the given patients (ids of their
   * Patient resources).
   */
  readonly authored: 'all' | 'none' | { readonly subjects: readonly string[] }
  /** What a patient has narrowed for this reader among rows authored here: single records, or all of a patient's. */
  readonly narrowed?: { readonly records?: readonly Uint8Array[]; readonly subjects?: readonly string[] }
  /** Whether the members' directory is visible. */
  readonly directory: boolean
  /** Restricts everything to these patients: a row about others only is invisible. Rows about nobody are not touched. */
  readonly patients?: readonly string[]
}

import type { PageStart, SearchQuery } from '@chiron/fhir'
import type { AccessKey, Visibility } from './visibility.ts'

/** 0: the whole resource. 1: the identity form of a Patient, which may stand beside the whole one. */
export type RowForm = 0 | 1

/** One version of a resource in one form, to be stored. Storing the same (type, id, version, form) again replaces it. */
export interface RowUpsert {
  /** Names the resource through all its versions on the ledger: 16 bytes, a `RecordId`. */
  readonly record: Uint8Array
  readonly type: string
  readonly id: string
  readonly version: string
  readonly form: RowForm
  /** Whether this organisation authored it: such rows stay when accesses end. */
  readonly authored: boolean
  /** Unix milliseconds. */
  readonly lastUpdatedMs: number
  /** Ids of the Patient resources it is about; a Patient is about itself. */
  readonly subjects: readonly string[]
  /** Whether it is the newest version. It takes the place of every other version of this resource in searches. */
  readonly current: boolean
  /** Absent for a tombstone. `resourceType` and `id` must be those of the row. */
  readonly resource?: { readonly resourceType: string; readonly id?: string }
  /** Accesses that opened it: known ones, or announced by the same batch. */
  readonly accesses?: readonly AccessKey[]
  /** Whether all members may read it. */
  readonly directory?: boolean
}

/** Rows of a record: all, or those of one version, or of one form. */
export interface RowName {
  readonly record: Uint8Array
  readonly version?: string
  readonly form?: RowForm
}

/** One atomic change. Parts are applied in the order of the fields. */
export interface IndexBatch {
  /** Ledger blocks `after + 1` to `height` are taken in by this batch. Left out, the height stays. */
  readonly blocks?: { readonly after: number; readonly height: number }
  /** Accesses that opened, with the patient each is about. */
  readonly accesses?: readonly { readonly access: AccessKey; readonly patient: string }[]
  readonly upserts?: readonly RowUpsert[]
  /** Rows already here that a further access opened. Rows that are not here are passed over. */
  readonly openings?: readonly (RowName & { readonly access: AccessKey })[]
  /** Rows that an access no longer covers although it stays open. */
  readonly withdrawals?: readonly (RowName & { readonly access: AccessKey })[]
  /** Accesses that ended. Rows not authored here that nothing opens any more are removed. */
  readonly closings?: readonly AccessKey[]
  /** Erased records, or versions of them: their rows are removed. */
  readonly erasures?: readonly RowName[]
  /** Ids that clients of this organisation chose. */
  readonly aliases?: readonly { readonly type: string; readonly localId: string; readonly id: string }[]
}

export interface IndexedRow {
  /** Number of the row: grows with insertion, never used again. */
  readonly rid: number
  readonly record: Uint8Array
  readonly type: string
  readonly id: string
  readonly version: string
  readonly form: RowForm
  readonly authored: boolean
  readonly current: boolean
  readonly deleted: boolean
  readonly lastUpdatedMs: number
  /** JSON of the resource; absent for a tombstone. */
  readonly json?: string
}

/** A version that is here. */
export type HeldVersion = Pick<IndexedRow, 'version' | 'form'>

export interface SearchAnswer {
  readonly rows: readonly IndexedRow[]
  /** What `_include` and `_revinclude` add; no row twice, none of `rows`. */
  readonly included: readonly IndexedRow[]
  /** Whether `maxIncluded` cut `included` short. */
  readonly includedCut: boolean
  /** Visible matches over all pages, unless `query.total` is `none`. */
  readonly total?: number
  readonly next?: PageStart
}

export interface RowPage {
  readonly rows: readonly IndexedRow[]
  /** Give it as `after` for the next page; absent on the last. */
  readonly next?: number
}

export interface PageRequest {
  readonly count: number
  readonly after?: number
}

export interface IndexStatus {
  /** Ledger height up to which blocks are taken in; 0 for a new index. */
  readonly height: number
  readonly rows: number
  readonly currentRows: number
  readonly bytes: number
}

/**
 * The search index of one organisation: a projection of the ledger and the vault that can be thrown away. Every
 * answer is from one consistent state. Batches are applied one after the other, each wholly or not at all, its
 * height included; so the index is never ahead of what its caller has seen committed, and says how far it is behind.
 *
 * Any method may throw `IndexError`: `ERR_INDEX_CORRUPT` (from then on until `clear`), `ERR_INDEX_STORAGE`,
 * `ERR_INDEX_CLOSED`. Drivers: `libsql/`. Proven by `compliance.ts`.
 */
export interface IndexStore {
  /** @throws IndexError `ERR_INDEX_HEIGHT`, `ERR_INDEX_INPUT`, `ERR_INDEX_FULL`; nothing is changed then. */
  apply(batch: IndexBatch): Promise<void>
  /** Ends an access outside the order of blocks, at once: the same as a batch with one closing. */
  dropAccess(access: AccessKey): Promise<void>
  /** `includedTypes`: types that includes may lead to, and through; all unless given. */
  search(query: SearchQuery, visibility: Visibility, options: { readonly maxIncluded: number; readonly includedTypes?: readonly string[] }): Promise<SearchAnswer>
  /** Newest version, a tombstone included. */
  read(type: string, id: string, visibility: Visibility): Promise<IndexedRow | undefined>
  version(type: string, id: string, version: string, visibility: Visibility): Promise<IndexedRow | undefined>
  /** Versions, newest first. */
  history(type: string, id: string, visibility: Visibility, page: PageRequest): Promise<RowPage>
  /** Live rows about a patient, in the order of their numbers. */
  everything(patient: string, visibility: Visibility, page: PageRequest & { readonly types?: readonly string[]; readonly sinceMs?: number }): Promise<RowPage>
  /** Live rows that refer to a resource by one of the parameters, in the order of their numbers. */
  byReference(target: { readonly type: string; readonly id: string }, parameters: readonly { readonly type: string; readonly code: string }[], visibility: Visibility, page: PageRequest): Promise<RowPage>
  /** Rows of a record, whoever may see them: for the gateway's own upkeep, never for an answer. */
  rowsOf(name: RowName): Promise<readonly IndexedRow[]>
  /** Which versions of records are here, and in which form, by record in hexadecimal: as `rowsOf`, for many. */
  versionsOf(records: readonly Uint8Array[]): Promise<ReadonlyMap<string, readonly HeldVersion[]>>
  /** Accesses whose rows are held. */
  openAccesses(): Promise<readonly { readonly access: AccessKey; readonly patient: string; readonly rows: number }[]>
  canonicalId(type: string, localId: string): Promise<string | undefined>
  localId(type: string, id: string): Promise<string | undefined>
  status(): Promise<IndexStatus>
  /** `status().height`, without counting rows. */
  height(): Promise<number>
  /** Checks everything stored against what was written. @throws IndexError `ERR_INDEX_CORRUPT` */
  verify(): Promise<void>
  /** Empties the index, height included, and makes it usable again after `ERR_INDEX_CORRUPT`. */
  clear(): Promise<void>
  close(): Promise<void>
}

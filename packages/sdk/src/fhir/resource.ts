import type { Receipt } from '@chiron/ledger/proofs'

/** What every FHIR resource has. Give your own type (such as those of @medplum/fhirtypes) where more is known. */
export interface FhirResource {
  readonly resourceType: string
  readonly id?: string
}

export interface BundleLink {
  readonly relation: string
  readonly url: string
}

export interface BundleEntry<T extends FhirResource = FhirResource> {
  readonly fullUrl?: string
  readonly resource?: T
  readonly request?: { readonly method: string; readonly url: string; readonly ifNoneExist?: string; readonly ifMatch?: string }
  readonly response?: { readonly status: string; readonly location?: string; readonly etag?: string }
}

export interface Bundle<T extends FhirResource = FhirResource> extends FhirResource {
  readonly resourceType: 'Bundle'
  readonly type: string
  readonly total?: number
  readonly link?: readonly BundleLink[]
  readonly entry?: readonly BundleEntry<T>[]
}

/** A resource as the server gave it, with what came in the headers. */
export interface FhirResult<T> {
  readonly status: number
  readonly resource: T
  /** `W/"…"`, for `ifMatch`. */
  readonly etag?: string
  readonly location?: string
  /** Receipt of the ledger transaction behind a write: not verified yet. */
  readonly receipt?: Receipt
}

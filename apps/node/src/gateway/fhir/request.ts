import type { Resource } from '@medplum/fhirtypes'

/** A FHIR interaction without its transport. */
export interface FhirRequest {
  readonly method: string
  /** Path below the base, split at `/`, decoded; `[]` is the base. */
  readonly path: readonly string[]
  readonly query: readonly (readonly [string, string])[]
  readonly body?: unknown
  readonly ifMatch?: string
  readonly ifNoneMatch?: string
  readonly ifNoneExist?: string
  readonly ifModifiedSince?: string
  readonly prefer?: string
}

export interface FhirResponse {
  readonly status: number
  readonly resource?: Resource
  /** JSON of the resource, in its place. {@link resourceOf} gives either. */
  readonly text?: string
  readonly etag?: string
  /** Path below the base of the version written. */
  readonly location?: string
  readonly lastModified?: string
  /** Ledger receipt of a write, base64url. */
  readonly receipt?: string
}

/** The resource of a response. */
export function resourceOf({ resource, text }: Pick<FhirResponse, 'resource' | 'text'>): Resource | undefined {
  return text === undefined ? resource : (JSON.parse(text) as Resource)
}

/** The version that `If-Match` or `If-None-Match` names: `W/"3"` gives `3`. */
export function versionOfEtag(etag: string | undefined): string | undefined {
  return etag === undefined ? undefined : /^(?:W\/)?"([^"]+)"$/.exec(etag.trim())?.[1]
}

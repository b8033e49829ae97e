import type { Resource } from '@medplum/fhirtypes'
import { utf8 } from '@chiron/protocol'
import type { EnvelopeContent } from '@chiron/vault'

/** What is sealed: the resource as JSON, the id that a client chose for it, and the ids of the patients it is about. */
export function contentOf(resource: Resource, localId: string | undefined, subjects: readonly string[]): EnvelopeContent {
  const meta = { type: resource.resourceType, subjects: [...subjects], ...(localId === undefined ? {} : { localId }) }
  return { meta, resource: utf8(JSON.stringify(resource)) }
}

export interface Content {
  readonly resource: Resource
  readonly localId: string | undefined
  readonly subjects: readonly string[]
}

/** Reads what {@link contentOf} made. */
export function readContent({ meta, resource }: EnvelopeContent): Content {
  const { localId, subjects } = meta
  return {
    resource: JSON.parse(new TextDecoder().decode(resource)) as Resource,
    localId: typeof localId === 'string' ? localId : undefined,
    subjects: Array.isArray(subjects) ? subjects : [],
  }
}

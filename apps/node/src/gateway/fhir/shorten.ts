import type { Resource } from '@medplum/fhirtypes'
import type { SearchQuery } from '@chiron/fhir'

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }
const ALWAYS: ReadonlySet<string> = new Set(['resourceType', 'id', 'meta'])

/** Applies `_elements` and `_summary` (R4 search.html#elements): what is left out is marked by the tag SUBSETTED. */
export function shorten(resource: Resource, query: SearchQuery): Resource {
  const keep = keptElements(query)
  if (keep === undefined) return resource
  const source = resource as unknown as Record<string, unknown>
  const short = Object.fromEntries(Object.entries(source).filter(([name]) => ALWAYS.has(name) || keep(name.replace(/^_/, ''))))
  const meta = resource.meta ?? {}
  return { ...short, meta: { ...meta, tag: [...(meta.tag ?? []), SUBSETTED] } } as Resource
}

function keptElements(query: SearchQuery): ((name: string) => boolean) | undefined {
  if (query.elements !== undefined && query.elements.length > 0) {
    const roots = new Set(query.elements.map((element) => element.split('.')[0] as string))
    return (name) => roots.has(name)
  }
  if (query.summary === 'text') return (name) => name === 'text' || name === 'status' || name === 'code'
  if (query.summary === 'data') return (name) => name !== 'text'
  return undefined
}

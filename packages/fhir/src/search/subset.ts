import { typeModel } from '../definitions/load.ts'
import type { JsonObject } from '../json.ts'
import { isObject, listOf, textOf } from '../json.ts'
import type { SearchQuery } from './query.ts'

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }
const ALWAYS = ['resourceType', 'id', 'meta']

/**
 * What `_summary` and `_elements` leave of a resource: top-level elements, mandatory ones always among them, tagged
 * SUBSETTED. Without either parameter the resource is returned as it is.
 */
export function subsetResource(resource: object, query: Pick<SearchQuery, 'summary' | 'elements'>): object {
  const { summary, elements } = query
  if ((summary === undefined || summary === 'count') && elements === undefined) return resource
  const source = resource as JsonObject
  const type = textOf(source['resourceType']) ?? ''
  const model = typeModel(type)?.elements ?? {}
  const kept = new Set(ALWAYS)
  for (const [key, element] of Object.entries(model)) {
    const name = key.replace('[x]', '')
    const wanted =
      element.required ||
      (summary === 'true' && element.summary) ||
      (summary === 'text' && name === 'text') ||
      (summary === 'data' && name !== 'text') ||
      elements?.some((path) => path === name || path.startsWith(`${name}.`) || path === `${type}.${name}`)
    if (!wanted) continue
    for (const declared of element.types) kept.add(key.endsWith('[x]') ? name + capitalize(declared.split(':')[0] ?? '') : name)
  }
  const entries = Object.entries(source).filter(([key]) => kept.has(key.startsWith('_') ? key.slice(1) : key))
  const meta = isObject(source['meta']) ? source['meta'] : {}
  return { ...Object.fromEntries(entries), meta: { ...meta, tag: [...listOf(meta['tag']), SUBSETTED] } }
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

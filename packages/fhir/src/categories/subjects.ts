import type { JsonObject } from '../json.ts'
import { isObject, objectsOf, textOf } from '../json.ts'
import { listReferences } from '../references/map.ts'

/**
 * The id of every Patient that a resource is about or mentions anywhere, sorted; a Patient's own id is among them.
 * References elsewhere (absolute below another base, `urn:…`, conditional) are no ids of ours and are left out, so
 * call this after references are resolved.
 *
 * @param base our own base URL without a trailing slash
 */
export function subjectsOf(resource: object, base?: string): string[] {
  const ids = new Set<string>()
  collect(resource as JsonObject, base, ids)
  return [...ids].sort()
}

function collect(source: JsonObject, base: string | undefined, ids: Set<string>): void {
  const own = textOf(source['id'])
  if (source['resourceType'] === 'Patient' && own !== undefined) ids.add(own)
  for (const { parsed } of listReferences(source, base)) {
    if ((parsed.form === 'relative' || parsed.form === 'local') && parsed.type === 'Patient') ids.add(parsed.id)
  }
  if (source['resourceType'] === 'Bundle') {
    for (const entry of objectsOf(source['entry'])) {
      const inner = entry['resource']
      if (isObject(inner)) collect(inner, base, ids)
    }
  }
}

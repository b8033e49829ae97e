import type { JsonObject } from '../json.ts'
import { parseReference } from './parse.ts'
import type { ParsedReference } from './parse.ts'

/** A reference in a resource. `path` is the element path with indices, ending in `reference`. */
export interface FoundReference {
  readonly path: string
  readonly text: string
  readonly parsed: ParsedReference
}

/**
 * Rewrites every `reference` of a resource, its contained resources and, in a Bundle, its entries. The input is not
 * changed; parts without a change are shared with it. `fn` gets the text as it stands (with version, absolute,
 * `#id`, `urn:…` or `Type?query`) and returns the text to put there, or undefined to keep it.
 */
export function mapReferences<Resource extends object>(resource: Resource, fn: (found: FoundReference) => string | undefined, base?: string): Resource {
  return mapNode(resource, [], fn, base) as Resource
}

/** @param path keys and indices that lead to the node, after the type of a resource; the same array all the way down */
function mapNode(node: unknown, path: (string | number)[], fn: (found: FoundReference) => string | undefined, base: string | undefined): unknown {
  if (typeof node !== 'object' || node === null) return node
  if (Array.isArray(node)) {
    let copy: unknown[] | undefined
    for (let index = 0; index < node.length; index++) {
      const item = node[index] as unknown
      if (typeof item !== 'object') continue
      path.push(index)
      const mapped = mapNode(item, path, fn, base)
      path.pop()
      if (mapped !== item) (copy ??= [...(node as unknown[])])[index] = mapped
    }
    return copy ?? node
  }
  let copy: Record<string, unknown> | undefined
  const source = node as JsonObject
  const isRoot = path.length === 0 && typeof source['resourceType'] === 'string'
  if (isRoot) path.push(source['resourceType'] as string)
  for (const key of Object.keys(source)) {
    const value = source[key]
    let mapped: unknown = value
    if (key === 'reference' && typeof value === 'string') mapped = fn({ path: formatPath(path, key), text: value, parsed: parseReference(value, base) }) ?? value
    else if (typeof value === 'object' && value !== null) {
      path.push(key)
      mapped = mapNode(value, path, fn, base)
      path.pop()
    }
    if (mapped !== value) (copy ??= { ...source })[key] = mapped
  }
  if (isRoot) path.pop()
  return copy ?? node
}

function formatPath(path: readonly (string | number)[], last: string): string {
  let text = ''
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`
  return text === '' ? last : `${text}.${last}`
}

/** Every reference of a resource, in document order, contained resources and Bundle entries included. */
export function listReferences(resource: object, base?: string): FoundReference[] {
  const found: FoundReference[] = []
  mapReferences(
    resource,
    (reference) => {
      found.push(reference)
      return undefined
    },
    base,
  )
  return found
}

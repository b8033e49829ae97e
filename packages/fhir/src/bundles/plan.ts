import { FhirError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { isObject, textOf } from '../json.ts'
import { listReferences, mapReferences } from '../references/map.ts'
import type { BundleEntry, ParsedBundle, RequestMethod } from './parse.ts'

/** A search over visible rows that decides what an entry or a reference means. */
export interface ConditionLookup {
  /** Same key, same answer: entries that ask the same question share a lookup. */
  readonly key: string
  readonly type: string
  readonly query: string
}

/** One operation of a transaction, with its resource rewritten and its id known. */
export interface PlannedOperation {
  readonly index: number
  readonly method: RequestMethod
  /** `exists` is a conditional creation that found its match: nothing is written. */
  readonly action: 'create' | 'update' | 'patch' | 'delete' | 'read' | 'exists' | 'none'
  readonly type?: string
  readonly id?: string
  readonly resource?: JsonObject
  readonly ifMatch?: string
  readonly entry: BundleEntry
}

export interface ResolvedPlan {
  /** In the order R4 prescribes: DELETE, POST, PUT and PATCH, GET and HEAD; by index within each. */
  readonly operations: readonly PlannedOperation[]
}

export interface PlanOptions {
  /** Server id for the new resource of an entry. Asked once for each, and not for conditional creations that found a match. */
  readonly newId: (type: string, entry: BundleEntry) => string
  readonly base?: string
}

export interface TransactionPlan {
  /** Questions the caller answers, on rows visible to the writer, before `resolve`. */
  readonly lookups: readonly ConditionLookup[]
  /**
   * @param answers ids that match each lookup, by key; two are enough to know that there are several
   * @throws FhirError ERR_FHIR_CONDITION_NO_MATCH, ERR_FHIR_CONDITION_SEVERAL_MATCHES, ERR_FHIR_REFERENCE_INVALID, ERR_FHIR_BUNDLE_DUPLICATE
   */
  readonly resolve: (answers: ReadonlyMap<string, readonly string[]>) => ResolvedPlan
}

const RANK: Readonly<Record<RequestMethod, number>> = { DELETE: 0, POST: 1, PUT: 2, PATCH: 2, GET: 3, HEAD: 3 }

/**
 * The plan of a transaction (R4 http.html#transaction): what must be looked up, then ids for new resources, every
 * reference to an entry's `fullUrl` or to a condition replaced by `Type/id`, and the order of operations. A reference
 * to a `urn:` that no entry has is refused.
 */
export function planTransaction(bundle: ParsedBundle, options: PlanOptions): TransactionPlan {
  const lookups = new Map<string, ConditionLookup>()
  const ask = (type: string, query: string): void => {
    const key = lookupKey(type, query)
    if (!lookups.has(key)) lookups.set(key, { key, type, query })
  }
  for (const entry of bundle.entries) {
    const condition = conditionOf(entry)
    if (condition) ask(condition.type, condition.query)
    for (const { parsed } of entry.resource ? listReferences(entry.resource, options.base) : []) {
      if (parsed.form === 'conditional') ask(parsed.type, parsed.query)
    }
  }
  return { lookups: [...lookups.values()], resolve: (answers) => resolvePlan(bundle, options, answers) }
}

function lookupKey(type: string, query: string): string {
  return `${type}?${query}`
}

function conditionOf(entry: BundleEntry): { type: string; query: string } | undefined {
  if (entry.target.kind !== 'type') return undefined
  if (entry.method === 'POST' && entry.ifNoneExist !== undefined) return { type: entry.target.type, query: entry.ifNoneExist }
  const byQuery = entry.method === 'PUT' || entry.method === 'PATCH' || entry.method === 'DELETE'
  return byQuery && entry.target.query !== undefined ? { type: entry.target.type, query: entry.target.query } : undefined
}

type Assigned = Pick<PlannedOperation, 'action' | 'type' | 'id'>

function resolvePlan(bundle: ParsedBundle, options: PlanOptions, answers: ReadonlyMap<string, readonly string[]>): ResolvedPlan {
  const assigned = bundle.entries.map((entry) => assign(entry, options, answers))
  const byUrl = new Map<string, string>()
  const written = new Set<string>()
  bundle.entries.forEach((entry, index) => {
    const { type, id, action } = assigned[index] ?? {}
    if (type === undefined || id === undefined) return
    if (entry.fullUrl !== undefined && action !== 'delete' && action !== 'read') byUrl.set(entry.fullUrl, `${type}/${id}`)
    if (action === 'read' || action === 'exists') return
    if (written.has(`${type}/${id}`)) throw new FhirError('ERR_FHIR_BUNDLE_DUPLICATE', { element: `Bundle.entry[${index}].request.url` })
    written.add(`${type}/${id}`)
  })
  const operations = bundle.entries.map((entry, index): PlannedOperation => {
    const { action = 'none', type, id } = assigned[index] ?? {}
    const resource = entry.resource && rewrite(entry.resource, entry, byUrl, answers, options)
    return {
      index,
      method: entry.method,
      action,
      entry,
      ...(type === undefined ? {} : { type }),
      ...(id === undefined ? {} : { id }),
      ...(resource === undefined ? {} : { resource: action === 'create' || action === 'update' ? { ...resource, id } : resource }),
      ...(entry.ifMatch === undefined ? {} : { ifMatch: entry.ifMatch }),
    }
  })
  operations.sort((left, right) => RANK[left.method] - RANK[right.method] || left.index - right.index)
  return { operations }
}

function assign(entry: BundleEntry, options: PlanOptions, answers: ReadonlyMap<string, readonly string[]>): Assigned {
  const { target, method } = entry
  if (method === 'GET' || method === 'HEAD') return target.kind === 'instance' ? { action: 'read', type: target.type, id: target.id } : { action: 'read' }
  if (target.kind === 'other') return { action: 'none' }
  const { type } = target
  if (target.kind === 'instance') return { action: method === 'DELETE' ? 'delete' : method === 'PATCH' ? 'patch' : 'update', type, id: target.id }
  const condition = conditionOf(entry)
  const matches = condition === undefined ? [] : (answers.get(lookupKey(condition.type, condition.query)) ?? [])
  const element = `Bundle.entry[${entry.index}].request`
  if (matches.length > 1) throw new FhirError('ERR_FHIR_CONDITION_SEVERAL_MATCHES', { element })
  const [match] = matches
  if (method === 'POST') return match === undefined ? { action: 'create', type, id: options.newId(type, entry) } : { action: 'exists', type, id: match }
  if (method === 'DELETE') return match === undefined ? { action: 'none', type } : { action: 'delete', type, id: match }
  if (match === undefined && method === 'PATCH') throw new FhirError('ERR_FHIR_CONDITION_NO_MATCH', { element })
  const own = textOf(entry.resource?.['id'])
  if (match !== undefined && method === 'PUT' && own !== undefined && own !== match)
    throw new FhirError('ERR_FHIR_BUNDLE_INVALID', { element: `Bundle.entry[${entry.index}].resource.id` })
  if (match !== undefined) return { action: method === 'PATCH' ? 'patch' : 'update', type, id: match }
  return { action: 'create', type, id: own ?? options.newId(type, entry) }
}

function rewrite(
  resource: JsonObject,
  entry: BundleEntry,
  byUrl: ReadonlyMap<string, string>,
  answers: ReadonlyMap<string, readonly string[]>,
  options: PlanOptions,
): JsonObject {
  // A relative reference is read against the base of its own entry's fullUrl (R4 bundle.html#references).
  const root = /^(https?:\/\/.+)\/[A-Z][A-Za-z]+\/[^/]+$/.exec(entry.fullUrl ?? '')?.[1]
  const mapped = mapReferences(
    resource,
    ({ text, parsed, path }) => {
      const [url = ''] = text.split('/_history/')
      const known = byUrl.get(text) ?? byUrl.get(url) ?? (parsed.form === 'relative' && root !== undefined ? byUrl.get(`${root}/${url}`) : undefined)
      if (known !== undefined) return known
      const element = `Bundle.entry[${entry.index}].resource.${path.slice(path.indexOf('.') + 1)}`
      if (parsed.form === 'local') return `${parsed.type}/${parsed.id}${parsed.version === undefined ? '' : `/_history/${parsed.version}`}`
      if (parsed.form === 'urn' && text.startsWith('urn:uuid:')) throw new FhirError('ERR_FHIR_REFERENCE_INVALID', { element })
      if (parsed.form !== 'conditional') return undefined
      const matches = answers.get(lookupKey(parsed.type, parsed.query)) ?? []
      if (matches.length > 1) throw new FhirError('ERR_FHIR_CONDITION_SEVERAL_MATCHES', { element })
      if (matches[0] === undefined) throw new FhirError('ERR_FHIR_CONDITION_NO_MATCH', { element })
      return `${parsed.type}/${matches[0]}`
    },
    options.base,
  )
  return rewriteUrls(mapped, byUrl) as JsonObject
}

/** R4 also replaces an entry's `urn:` where it stands in a uri, url or canonical, such as Attachment.url. */
function rewriteUrls(node: unknown, byUrl: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(node)) {
    const items: readonly unknown[] = node
    let copy: unknown[] | undefined
    for (let index = 0; index < items.length; index++) {
      const item = items[index]
      const replaced = typeof item === 'object' ? rewriteUrls(item, byUrl) : item
      if (replaced !== item) (copy ??= [...items])[index] = replaced
    }
    return copy ?? node
  }
  if (!isObject(node)) return node
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(node)) {
    const value = node[key]
    const replaced = key === 'url' && typeof value === 'string' && value.startsWith('urn:') ? (byUrl.get(value) ?? value) : rewriteUrls(value, byUrl)
    if (replaced !== value) (copy ??= { ...node })[key] = replaced
  }
  return copy ?? node
}

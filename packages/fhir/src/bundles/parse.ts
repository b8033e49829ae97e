import { isResourceType } from '../definitions/load.ts'
import { FhirError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { isObject, textOf } from '../json.ts'

export type RequestMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What `request.url` addresses, relative to the base. */
export type RequestTarget =
  | { readonly kind: 'instance'; readonly type: string; readonly id: string; readonly version?: string; readonly query?: string }
  | { readonly kind: 'type'; readonly type: string; readonly query?: string }
  /** Operations and system-level reads: left to the caller. */
  | { readonly kind: 'other'; readonly path: string; readonly query?: string }

export interface BundleEntry {
  readonly index: number
  readonly method: RequestMethod
  readonly target: RequestTarget
  readonly fullUrl?: string
  readonly resource?: JsonObject
  readonly ifMatch?: string
  readonly ifNoneMatch?: string
  /** Query of a conditional creation, without type and question mark. */
  readonly ifNoneExist?: string
}

export interface ParsedBundle {
  readonly type: 'batch' | 'transaction'
  readonly entries: readonly BundleEntry[]
}

const METHODS = new Set<string>(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
const MAX_ENTRIES = 10_000

/**
 * Checks a batch or transaction before any of it is carried out: type, methods, addresses, bodies, and that no
 * `fullUrl` and (in a transaction) no instance is named twice for writing. Resources themselves are not validated here.
 *
 * @param base our own base URL without a trailing slash, stripped from `request.url` and `ifNoneExist`
 * @throws FhirError ERR_FHIR_BUNDLE_INVALID or ERR_FHIR_BUNDLE_DUPLICATE, naming the element
 */
export function parseBundle(bundle: unknown, base?: string): ParsedBundle {
  if (!isObject(bundle) || bundle['resourceType'] !== 'Bundle') throw invalid('Bundle')
  const type = bundle['type']
  if (type !== 'batch' && type !== 'transaction') throw invalid('Bundle.type')
  const raw = bundle['entry'] ?? []
  if (!Array.isArray(raw) || raw.length > MAX_ENTRIES) throw invalid('Bundle.entry')
  const entries = raw.map((entry: unknown, index) => parseEntry(entry, index, base))
  refuseDuplicates(entries, type)
  return { type, entries }
}

function parseEntry(entry: unknown, index: number, base: string | undefined): BundleEntry {
  const at = `Bundle.entry[${index}]`
  if (!isObject(entry)) throw invalid(at)
  const request = entry['request']
  if (!isObject(request)) throw invalid(`${at}.request`)
  const method = textOf(request['method'])
  if (method === undefined || !METHODS.has(method)) throw invalid(`${at}.request.method`)
  const url = textOf(request['url'])
  if (url === undefined) throw invalid(`${at}.request.url`)
  const target = parseTarget(stripBase(url, base), `${at}.request.url`)
  const resource = entry['resource']
  if (resource !== undefined && !isObject(resource)) throw invalid(`${at}.resource`)
  checkShape(method, target, resource, at)
  const ifNoneExist = textOf(request['ifNoneExist'])
  return {
    index,
    method: method as RequestMethod,
    target,
    ...(resource === undefined ? {} : { resource }),
    ...optional('fullUrl', entry['fullUrl'], `${at}.fullUrl`),
    ...optional('ifMatch', request['ifMatch'], `${at}.request.ifMatch`),
    ...optional('ifNoneMatch', request['ifNoneMatch'], `${at}.request.ifNoneMatch`),
    ...(ifNoneExist === undefined ? {} : { ifNoneExist: conditionOf(ifNoneExist, target, base, `${at}.request.ifNoneExist`) }),
  }
}

function optional<Key extends string>(key: Key, value: unknown, element: string): Partial<Record<Key, string>> {
  if (value === undefined) return {}
  if (typeof value !== 'string') throw invalid(element)
  return { [key]: value } as Record<Key, string>
}

function stripBase(url: string, base: string | undefined): string {
  const path = base !== undefined && url.startsWith(`${base}/`) ? url.slice(base.length + 1) : url
  return path.startsWith('/') ? path.slice(1) : path
}

function parseTarget(url: string, element: string): RequestTarget {
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) throw invalid(element)
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = mark < 0 || mark === url.length - 1 ? {} : { query: url.slice(mark + 1) }
  const [type = '', id, history, version, ...more] = path.split('/')
  if (type.startsWith('$') || type.startsWith('_') || type === '' || type === 'metadata') return { kind: 'other', path, ...query }
  if (!isResourceType(type)) throw invalid(element)
  if (id === undefined || id === '') return { kind: 'type', type, ...query }
  if (id.startsWith('$') || id.startsWith('_') || (history !== undefined && (history !== '_history' || version === undefined)) || more.length > 0)
    return { kind: 'other', path, ...query }
  if (!/^[A-Za-z0-9\-.]{1,64}$/.test(id)) throw invalid(element)
  return { kind: 'instance', type, id, ...(version === undefined ? {} : { version }), ...query }
}

function checkShape(method: string, target: RequestTarget, resource: JsonObject | undefined, at: string): void {
  const writes = method === 'POST' || method === 'PUT' || method === 'PATCH'
  if (writes && target.kind !== 'other') {
    if (resource === undefined) throw invalid(`${at}.resource`)
    const type = resource['resourceType']
    if (method !== 'PATCH' && type !== target.type) throw invalid(`${at}.resource.resourceType`)
  }
  if (method === 'POST' && target.kind === 'instance') throw invalid(`${at}.request.url`)
  const conditional = target.kind === 'type' && target.query !== undefined
  if ((method === 'PUT' || method === 'PATCH' || method === 'DELETE') && !(target.kind === 'instance' && target.version === undefined) && !conditional)
    throw invalid(`${at}.request.url`)
  if (method === 'PUT' && target.kind === 'instance' && resource?.['id'] !== target.id) throw invalid(`${at}.resource.id`)
}

function conditionOf(text: string, target: RequestTarget, base: string | undefined, element: string): string {
  if (target.kind !== 'type') throw invalid(element)
  return parseCondition(text, target.type, base, element)
}

/**
 * The bare query of a condition (`If-None-Exist` header, `ifNoneExist`): clients send it as a query, with a question
 * mark, with the type, or with the whole base in front.
 *
 * @throws FhirError ERR_FHIR_BUNDLE_INVALID if nothing is asked
 */
export function parseCondition(text: string, type: string, base?: string, element = 'If-None-Exist'): string {
  let query = stripBase(text, base)
  if (query.startsWith(`${type}?`)) query = query.slice(type.length)
  if (query.startsWith('?')) query = query.slice(1)
  if (query === '' || query.includes('?')) throw invalid(element)
  return query
}

function refuseDuplicates(entries: readonly BundleEntry[], type: ParsedBundle['type']): void {
  const urls = new Set<string>()
  const written = new Set<string>()
  for (const entry of entries) {
    if (entry.fullUrl !== undefined) {
      const key = `${entry.fullUrl} ${textOf((isObject(entry.resource?.['meta']) ? entry.resource['meta'] : {})['versionId']) ?? ''}`
      if (urls.has(key)) throw new FhirError('ERR_FHIR_BUNDLE_DUPLICATE', { element: `Bundle.entry[${entry.index}].fullUrl` })
      urls.add(key)
    }
    if (type === 'transaction' && entry.target.kind === 'instance' && entry.method !== 'GET' && entry.method !== 'HEAD') {
      const key = `${entry.target.type}/${entry.target.id}`
      if (written.has(key)) throw new FhirError('ERR_FHIR_BUNDLE_DUPLICATE', { element: `Bundle.entry[${entry.index}].request.url` })
      written.add(key)
    }
  }
}

function invalid(element: string): FhirError {
  return new FhirError('ERR_FHIR_BUNDLE_INVALID', { element })
}

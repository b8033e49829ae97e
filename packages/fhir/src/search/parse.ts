import { isResourceType, searchParameter, searchParameters } from '../definitions/load.ts'
import { FhirError } from '../errors.ts'
import type { Issue } from '../outcomes/issue.ts'
import { parseCursor } from './cursor.ts'
import type { CursorCodec } from './cursor.ts'
import { isSupportedParameter, parseClause, safeName } from './parse-clause.ts'
import { invalidValue } from './parse-values.ts'
import type { ValueContext } from './parse-values.ts'
import type { Clause, Include, PageStart, SearchKind, SearchQuery, SortKey } from './query.ts'

export interface SearchOptions extends ValueContext {
  /** `strict` turns parameters that cannot be used into errors (`Prefer: handling=strict`). Default `lenient`. */
  readonly handling?: 'strict' | 'lenient'
  /** Rows per page when `_count` is absent; default 50. */
  readonly defaultCount?: number
  /** Larger `_count` values are lowered to this; default 1000. */
  readonly maxCount?: number
  /** Needed to read `_cursor`. */
  readonly cursors?: CursorCodec
}

/** Query parameters as a search came with them, in order, repeated names kept. */
export type SearchParams = Iterable<readonly [name: string, value: string]>

const MAX_CLAUSES = 50
/** Values of all clauses together, once for every type that a chain may go through: the statement repeats them so. */
const MAX_ALL_VALUES = 400
const MAX_INCLUDES = 20
/** Said elsewhere (content negotiation) or without effect on what is found. */
const PASSED = new Set(['_format', '_pretty'])
const UNKNOWN = new Set<string>(['ERR_FHIR_SEARCH_PARAMETER_UNKNOWN', 'ERR_FHIR_SEARCH_PARAMETER_UNSUPPORTED'])

interface Draft {
  clauses: Clause[]
  sort: SortKey[]
  count: number
  start: PageStart
  includes: Include[]
  total: SearchQuery['total']
  summary?: NonNullable<SearchQuery['summary']>
  elements?: string[]
}

/**
 * Reads a search on one resource type. Parameters that are unknown or not supported are reported in `ignored`
 * (or refused when strict); a bad value or modifier of a known parameter is always refused.
 *
 * @throws FhirError ERR_FHIR_TYPE_UNKNOWN, ERR_FHIR_SEARCH_PARAMETER_UNKNOWN, …_PARAMETER_UNSUPPORTED, …_MODIFIER_UNSUPPORTED,
 *   …_VALUE_INVALID, …_CURSOR_INVALID, …_TOO_COSTLY; each names the parameter, never the value
 */
export function parseSearch(type: string, params: SearchParams | string, options: SearchOptions = {}): SearchQuery {
  if (!isResourceType(type)) throw new FhirError('ERR_FHIR_TYPE_UNKNOWN')
  const draft: Draft = { clauses: [], sort: [], count: options.defaultCount ?? 50, start: { by: 'row', afterRid: 0 }, includes: [], total: 'none' }
  const applied: [string, string][] = []
  const ignored: Issue[] = []
  for (const [name, value] of typeof params === 'string' ? new URLSearchParams(params) : params) {
    try {
      if (PASSED.has(name) || !readParameter(type, name, value, draft, options)) continue
      if (name !== '_cursor' && name !== '_offset') applied.push([name, value])
    } catch (error) {
      if (options.handling === 'strict' || !(error instanceof FhirError) || !UNKNOWN.has(error.code)) throw error
      ignored.push({ severity: 'warning', code: 'not-supported', expression: [safeName(name)], diagnostics: `${error.code}: the parameter was ignored` })
    }
  }
  if (draft.clauses.reduce((sum, clause) => sum + valuesIn(clause), 0) > MAX_ALL_VALUES) throw new FhirError('ERR_FHIR_SEARCH_TOO_COSTLY', { reason: 'values' })
  if (draft.clauses.length > MAX_CLAUSES || draft.includes.length > MAX_INCLUDES) throw new FhirError('ERR_FHIR_SEARCH_TOO_COSTLY', { reason: 'parameters' })
  if (draft.sort.length > 0 && draft.start.by === 'row') draft.start = { by: 'offset', offset: 0 }
  return { type, ...draft, applied, ignored }
}

function valuesIn(clause: Clause): number {
  switch (clause.op) {
    case 'match':
    case 'lastUpdated':
      return clause.values.length
    case 'id':
      return clause.ids.length
    case 'missing':
      return 1
    case 'chain':
      return clause.targets.reduce((sum, target) => sum + valuesIn(target.clause), 0)
    case 'has':
      return valuesIn(clause.clause)
  }
}

/** Whether the parameter had an effect. */
function readParameter(type: string, name: string, value: string, draft: Draft, options: SearchOptions): boolean {
  switch (name) {
    case '_count':
      draft.count = Math.min(naturalNumber(name, value), options.maxCount ?? 1000)
      return true
    case '_offset':
      draft.start = { by: 'offset', offset: naturalNumber(name, value) }
      return true
    case '_cursor':
      if (options.cursors === undefined) throw new FhirError('ERR_FHIR_SEARCH_PARAMETER_UNSUPPORTED', { parameter: name })
      draft.start = parseCursor(value, options.cursors)
      return true
    case '_sort':
      draft.sort = value
        .split(',')
        .filter((key) => key !== '')
        .map((key) => sortKey(type, key))
      return draft.sort.length > 0
    case '_total':
      if (value !== 'none' && value !== 'estimate' && value !== 'accurate') return invalidValue(name)
      draft.total = value
      return true
    case '_summary':
      return readSummary(value, draft)
    case '_elements':
      draft.elements = value.split(',').filter((element) => /^[A-Za-z][A-Za-z0-9.]*$/.test(element))
      return true
  }
  const [base, ...modifiers] = name.split(':')
  if (base === '_include' || base === '_revinclude') {
    if (modifiers.length > 1 || (modifiers[0] !== undefined && modifiers[0] !== 'iterate' && modifiers[0] !== 'recurse'))
      throw new FhirError('ERR_FHIR_SEARCH_MODIFIER_UNSUPPORTED', { parameter: base })
    draft.includes.push(parseInclude(type, base, value, modifiers.length > 0))
    return true
  }
  const clause = parseClause(type, name, value, options)
  if (clause === undefined) return false
  draft.clauses.push(clause)
  return true
}

function naturalNumber(name: string, value: string): number {
  return /^\d{1,9}$/.test(value) ? Number(value) : invalidValue(name)
}

function readSummary(value: string, draft: Draft): boolean {
  if (value === 'false') return true
  if (value !== 'true' && value !== 'text' && value !== 'data' && value !== 'count') return invalidValue('_summary')
  draft.summary = value
  if (value === 'count') draft.count = 0
  return true
}

function sortKey(type: string, key: string): SortKey {
  const descending = key.startsWith('-')
  const param = descending ? key.slice(1) : key
  if (param === '_id') return { param, by: 'id', paramId: 0, descending }
  if (param === '_lastUpdated') return { param, by: 'lastUpdated', paramId: 0, descending }
  const parameter = searchParameter(type, param)
  if (parameter === undefined || !isSupportedParameter(parameter)) throw new FhirError('ERR_FHIR_SEARCH_PARAMETER_UNSUPPORTED', { parameter: '_sort' })
  return { param, by: parameter.type as SearchKind, paramId: parameter.id, descending }
}

function parseInclude(type: string, name: string, value: string, iterate: boolean): Include {
  const reverse = name === '_revinclude'
  const [source = '', code = '', target, ...more] = value.split(':')
  if (value === '*' && !reverse) return { reverse, iterate, paramIds: referenceParameters(type) }
  if (!isResourceType(source) || code === '' || more.length > 0) return invalidValue(name)
  if (target !== undefined && !isResourceType(target)) return invalidValue(name)
  const narrowed = reverse ? (target ?? (iterate ? undefined : type)) : target
  const scope = narrowed === undefined ? {} : { targetType: narrowed }
  if (code === '*') return { reverse, iterate, paramIds: referenceParameters(source), ...scope }
  const parameter = searchParameter(source, code)
  if (parameter?.type !== 'reference' || !isSupportedParameter(parameter)) throw new FhirError('ERR_FHIR_SEARCH_PARAMETER_UNKNOWN', { parameter: name })
  return { reverse, iterate, paramIds: [parameter.id], ...scope }
}

function referenceParameters(type: string): number[] {
  return Object.values(searchParameters(type))
    .filter((parameter) => parameter.type === 'reference' && isSupportedParameter(parameter))
    .map((parameter) => parameter.id)
}

import { definitionsCache, searchParameters } from '../definitions/load.ts'
import type { SearchParameterModel, SearchPath } from '../definitions/model.ts'
import type { JsonObject } from '../json.ts'
import { isObject, textOf } from '../json.ts'
import { emitLeaf } from './leaves.ts'
import type { Emit } from './leaves.ts'
import type { IndexRow } from './rows.ts'

export interface IndexOptions {
  /** Our own base URL without a trailing slash: absolute references below it are indexed as local. */
  readonly base?: string
}

const plans = definitionsCache<readonly SearchParameterModel[]>()

function planFor(type: string): readonly SearchParameterModel[] {
  let plan = plans.get(type)
  if (plan === undefined) {
    plan = Object.values(searchParameters(type)).filter((parameter) => parameter.paths.length > 0)
    plans.set(type, plan)
  }
  return plan
}

/**
 * Everything the search index keeps about a resource: one row per value of every search parameter of its type.
 * Rows are distinct; their order is that of the parameters' codes. `_id` and `_lastUpdated` are columns, not rows.
 *
 * @param resource a resource that passed `validateOnWrite`
 * @throws FhirError ERR_FHIR_TYPE_UNKNOWN
 */
export function indexValues(resource: object, options: IndexOptions = {}): IndexRow[] {
  const source = resource as JsonObject
  const rows: IndexRow[] = []
  for (const parameter of planFor(textOf(source['resourceType']) ?? '')) {
    const emit = distinct(rows)
    if (parameter.paths[0]?.presence) {
      emit({ param: parameter.code, kind: 'token', system: '', code: String(isPresent(source, parameter.paths)) })
      continue
    }
    for (const path of parameter.paths) descend(source, path, 0, parameter, options.base, emit)
  }
  return rows
}

function descend(node: unknown, path: SearchPath, depth: number, parameter: SearchParameterModel, base: string | undefined, emit: Emit): void {
  if (Array.isArray(node)) {
    for (const item of node) descend(item, path, depth, parameter, base, emit)
    return
  }
  if (path.where?.depth === depth && (!isObject(node) || node[path.where.key] !== path.where.equals)) return
  if (depth === path.at.length) return emitLeaf(parameter.type, parameter.code, node, path, base, emit)
  if (!isObject(node)) return
  const next = node[path.at[depth] ?? '']
  if (next !== undefined && next !== null) descend(next, path, depth + 1, parameter, base, emit)
}

function isPresent(source: JsonObject, paths: readonly SearchPath[]): boolean {
  return paths.some((path) => {
    const value = source[path.at[0] ?? '']
    return value !== undefined && value !== false
  })
}

/** Appends rows that the parameter has not given yet. */
function distinct(rows: IndexRow[]): Emit {
  const first = rows.length
  let seen: Set<string> | undefined
  return (row) => {
    if (rows.length - first < 4) {
      for (let index = first; index < rows.length; index++) if (sameRow(rows[index], row)) return
    } else {
      seen ??= new Set(rows.slice(first).map((known) => JSON.stringify(known)))
      const key = JSON.stringify(row)
      if (seen.has(key)) return
      seen.add(key)
    }
    rows.push(row)
  }
}

function sameRow(left: IndexRow | undefined, right: IndexRow): boolean {
  if (left === undefined || left.kind !== right.kind) return false
  for (const key in right) if (left[key as keyof IndexRow] !== right[key as keyof IndexRow]) return false
  return true
}

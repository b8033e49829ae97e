import { FhirError } from '../errors.ts'
import type { DefinitionsModel, SearchParameterModel, TypeModel } from './model.ts'

let loaded: DefinitionsModel | undefined
const listeners: (() => void)[] = []

/**
 * Makes the definitions available to the whole package. Idempotent: loading the same file again changes nothing.
 * Types are compiled on first use, so this costs one JSON parse.
 *
 * @param json the content of `generated/definitions.json`, as text or already parsed
 * @throws FhirError ERR_FHIR_DEFINITIONS_INVALID
 */
export function loadDefinitions(json: string | DefinitionsModel): void {
  const model = typeof json === 'string' ? parse(json) : json
  if (model.format !== 1) throw new FhirError('ERR_FHIR_DEFINITIONS_INVALID', { format: String(model.format) })
  if (loaded === model) return
  loaded = model
  for (const listener of listeners) listener()
}

function parse(json: string): DefinitionsModel {
  try {
    return JSON.parse(json) as DefinitionsModel
  } catch (cause) {
    throw new FhirError('ERR_FHIR_DEFINITIONS_INVALID', {}, { cause })
  }
}

/** The loaded definitions. @throws FhirError ERR_FHIR_DEFINITIONS_MISSING */
export function definitions(): DefinitionsModel {
  if (loaded === undefined) throw new FhirError('ERR_FHIR_DEFINITIONS_MISSING')
  return loaded
}

/** A map that is built entry by entry on first use and emptied when other definitions are loaded. */
export function definitionsCache<Value>(): Map<string, Value> {
  const cache = new Map<string, Value>()
  listeners.push(() => cache.clear())
  return cache
}

/** The model of a type, or undefined. Safe for names chosen by a client. */
export function typeModel(name: string): TypeModel | undefined {
  const { types } = definitions()
  return Object.hasOwn(types, name) ? types[name] : undefined
}

/** Whether `name` is a concrete R4 resource type. */
export function isResourceType(name: unknown): name is string {
  if (typeof name !== 'string') return false
  const model = typeModel(name)
  return model !== undefined && model.kind === 'resource' && !model.abstract
}

const namesCache = definitionsCache<readonly string[]>()

/** Every concrete R4 resource type, sorted. */
export function resourceTypes(): readonly string[] {
  let names = namesCache.get('')
  if (names === undefined) {
    names = Object.keys(definitions().types).filter(isResourceType).sort()
    namesCache.set('', names)
  }
  return names
}

/** The search parameters of a resource type by code. @throws FhirError ERR_FHIR_TYPE_UNKNOWN */
export function searchParameters(type: string): Readonly<Record<string, SearchParameterModel>> {
  const { search } = definitions()
  const parameters = Object.hasOwn(search, type) ? search[type] : undefined
  if (parameters === undefined) throw new FhirError('ERR_FHIR_TYPE_UNKNOWN')
  return parameters
}

/** One search parameter, or undefined. Safe for codes chosen by a client. @throws FhirError ERR_FHIR_TYPE_UNKNOWN */
export function searchParameter(type: string, code: string): SearchParameterModel | undefined {
  const parameters = searchParameters(type)
  return Object.hasOwn(parameters, code) ? parameters[code] : undefined
}

/** Changes whenever parameter numbers or paths do; an index built under another value must be rebuilt. */
export function searchFingerprint(): string {
  return definitions().searchFingerprint
}

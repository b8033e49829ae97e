import { getAllDataTypes, indexDefaultSearchParameters, indexSearchParameter } from '@medplum/core'
import type { InternalSchemaElement, InternalTypeSchema } from '@medplum/core'
import type { SearchParameter, StructureDefinition } from '@medplum/fhirtypes'
import { definitions, definitionsCache, resourceTypes } from './load.ts'
import type { DefinitionsModel, ElementModel, TypeModel } from './model.ts'

const PROFILE_PREFIX = 'http://hl7.org/fhir/StructureDefinition/'
const done = definitionsCache<true>()

/**
 * Makes the loaded definitions known to `@medplum/core`, for its FHIRPath and for code built on `@medplum/fhir-router`.
 * Every type is converted when first read: indexing them all at once costs a quarter of a second. Idempotent.
 *
 * @throws FhirError ERR_FHIR_DEFINITIONS_MISSING
 */
export function indexForMedplum(): void {
  const model = definitions()
  if (done.has('')) return
  done.set('', true)
  const target = getAllDataTypes()
  for (const [name, type] of Object.entries(model.types)) {
    if (type.kind === 'primitive') continue
    const key = medplumName(name)
    const define = (value: InternalTypeSchema): unknown => Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
    Object.defineProperty(target, key, {
      enumerable: true,
      configurable: true,
      get: () => {
        const schema = toMedplumSchema(name, type, model)
        define(schema)
        return schema
      },
      set: define,
    })
  }
  indexSearch(model)
}

function indexSearch(model: DefinitionsModel): void {
  indexDefaultSearchParameters(
    resourceTypes().map((name) => ({ resourceType: 'StructureDefinition', kind: 'resource', name, type: name }) as StructureDefinition),
  )
  for (const [base, parameters] of Object.entries(model.search)) {
    for (const parameter of Object.values(parameters)) {
      if (parameter.code.startsWith('_')) continue
      indexSearchParameter({
        resourceType: 'SearchParameter',
        base: [base],
        code: parameter.code,
        type: parameter.type,
        target: parameter.targets,
      } as SearchParameter)
    }
  }
}

/** The schema as `parseStructureDefinition` of `@medplum/core` would give it, without prose. */
export function toMedplumSchema(name: string, type: TypeModel, model: DefinitionsModel): InternalTypeSchema {
  const elements: Record<string, InternalSchemaElement> = {}
  const summary = new Set<string>()
  const mandatory = new Set<string>()
  const prefix = name === 'SimpleQuantity' || name === 'MoneyQuantity' ? 'Quantity' : name
  const inner: InternalTypeSchema[] = []
  for (const [key, element] of Object.entries(type.elements)) {
    elements[key] = toMedplumElement(`${prefix}.${key}`, element, model)
    if (element.summary) summary.add(key.replace('[x]', ''))
    if (element.required) mandatory.add(key.replace('[x]', ''))
  }
  const top = type.kind !== 'nested'
  return {
    name: medplumName(name),
    type: top ? prefix : medplumName(name),
    path: prefix,
    elements,
    constraints: toMedplumConstraints(type.constraints, model),
    innerTypes: inner,
    ...(top
      ? { url: PROFILE_PREFIX + name, kind: type.kind === 'resource' ? 'resource' : 'complex-type', summaryProperties: summary, mandatoryProperties: mandatory }
      : {}),
  }
}

function toMedplumElement(path: string, element: ElementModel, model: DefinitionsModel): InternalSchemaElement {
  return {
    description: '',
    path,
    min: element.required ? 1 : 0,
    max: element.max ?? (element.many ? Number.POSITIVE_INFINITY : 1),
    isArray: element.many ?? false,
    constraints: toMedplumConstraints(element.constraints, model),
    type: element.types.map((declared) => {
      const [code = '', profile] = declared.split(':')
      return {
        code: medplumName(code),
        ...(profile ? { profile: [PROFILE_PREFIX + profile] } : {}),
        ...(code === 'Reference' && element.targets ? { targetProfile: element.targets.map((target) => PROFILE_PREFIX + target) } : {}),
      }
    }),
    ...(element.binding ? { binding: { strength: 'required' as const, valueSet: element.binding } } : {}),
  }
}

function toMedplumConstraints(keys: readonly string[] | undefined, model: DefinitionsModel): NonNullable<InternalTypeSchema['constraints']> {
  return (keys ?? []).map((key) => ({ key: key.split('@')[0] ?? key, severity: 'error', expression: model.constraints[key] ?? 'true', description: '' }))
}

/** The name `@medplum/core` gives a nested type: `Observation.component` is `ObservationComponent`. */
export function medplumName(name: string): string {
  return name.includes('.')
    ? name
        .split('.')
        .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
        .join('')
    : name
}

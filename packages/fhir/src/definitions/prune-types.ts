import type { ElementDefinition, StructureDefinition } from '@medplum/fhirtypes'
import type { ElementModel, TypeModel } from './model.ts'

/** Checked natively by the validator (no empty elements), so not carried along. */
const NATIVE_CONSTRAINTS = new Set(['ele-1'])
const PROFILE_PREFIX = 'http://hl7.org/fhir/StructureDefinition/'
const TYPE_EXTENSION = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type'

export interface PrunedTypes {
  readonly types: Record<string, TypeModel>
  readonly constraints: Record<string, string>
}

/** Reduces StructureDefinition snapshots to what validation and search read. Profiles are ignored, except those on Quantity. */
export function pruneTypes(definitions: readonly StructureDefinition[]): PrunedTypes {
  const types: Record<string, TypeModel> = {}
  const constraints: Record<string, string> = {}
  for (const definition of definitions) pruneOne(definition, types, constraints)
  return { types, constraints }
}

interface MutableType {
  kind: TypeModel['kind']
  abstract?: true
  elements: Record<string, ElementModel>
  constraints?: readonly string[]
}

function pruneOne(definition: StructureDefinition, types: Record<string, TypeModel>, constraints: Record<string, string>): void {
  const snapshot = definition.snapshot?.element ?? []
  const root = snapshot[0]
  if (root === undefined || definition.name === undefined) return
  const parents = new Set(snapshot.map((element) => parentPath(element.path)))
  const rootPath = root.path
  const nameOf = (path: string): string => (path === rootPath ? definition.name : path)
  const top: MutableType = { kind: kindOf(definition), elements: {} }
  if (definition.abstract) top.abstract = true
  addConstraints(top, root, constraints)
  const local = new Map<string, MutableType>([[rootPath, top]])
  for (const element of snapshot.slice(1)) {
    const path = element.path
    const owner = local.get(parentPath(path))
    if (owner === undefined) continue
    const nested = parents.has(path)
    if (nested) {
      const type: MutableType = { kind: 'nested', elements: {} }
      addConstraints(type, element, constraints)
      local.set(path, type)
    }
    owner.elements[path.slice(path.lastIndexOf('.') + 1)] = pruneElement(element, nested, definition.kind === 'resource', nameOf, constraints)
  }
  for (const [path, type] of local) types[nameOf(path)] = type
}

function kindOf(definition: StructureDefinition): TypeModel['kind'] {
  if (definition.kind === 'resource') return 'resource'
  return definition.kind === 'primitive-type' ? 'primitive' : 'complex'
}

function pruneElement(
  element: ElementDefinition,
  nested: boolean,
  isResource: boolean,
  nameOf: (path: string) => string,
  constraints: Record<string, string>,
): ElementModel {
  const max = element.max ?? '1'
  const binding = element.binding?.strength === 'required' ? element.binding.valueSet?.split('|')[0] : undefined
  const targets = targetsOf(element)
  const own = nested ? undefined : constraintKeys(element, constraints)
  return {
    types: nested ? [nameOf(element.path)] : typesOf(element, nameOf, isResource),
    ...((element.min ?? 0) > 0 ? { required: true as const } : {}),
    ...((element.base?.max ?? max) === '*' || max === '*' ? { many: true as const } : {}),
    ...(max !== '*' && max !== '1' ? { max: Number(max) } : {}),
    ...(targets ? { targets } : {}),
    ...(binding ? { binding } : {}),
    ...(own ? { constraints: own } : {}),
    ...(element.isSummary ? { summary: true as const } : {}),
  }
}

function typesOf(element: ElementDefinition, nameOf: (path: string) => string, isResource: boolean): string[] {
  // The snapshots call a resource's id a string; R4 resource.html gives it type id.
  if (isResource && /^[A-Za-z]+\.id$/.test(element.path)) return ['id']
  if (element.contentReference) return [nameOf(element.contentReference.slice(element.contentReference.indexOf('#') + 1))]
  return (element.type ?? []).map((type) => {
    const real = type.extension?.find((extension) => extension.url === TYPE_EXTENSION)?.valueUrl
    const code = real ?? (type.code?.startsWith('http://hl7.org/fhirpath/') ? 'string' : (type.code ?? ''))
    const profile = code === 'Quantity' ? type.profile?.[0]?.replace(PROFILE_PREFIX, '') : undefined
    return profile ? `${code}:${profile}` : code
  })
}

function targetsOf(element: ElementDefinition): string[] | undefined {
  const targets = (element.type ?? [])
    .filter((type) => type.code === 'Reference')
    .flatMap((type) => type.targetProfile ?? [])
    .map((profile) => profile.replace(PROFILE_PREFIX, ''))
  return targets.length === 0 || targets.includes('Resource') ? undefined : targets
}

function addConstraints(type: MutableType, element: ElementDefinition, constraints: Record<string, string>): void {
  const keys = constraintKeys(element, constraints)
  if (keys) type.constraints = keys
}

function constraintKeys(element: ElementDefinition, constraints: Record<string, string>): string[] | undefined {
  const isExtension = element.type?.some((type) => type.code === 'Extension') ?? false
  const keys: string[] = []
  for (const constraint of element.constraint ?? []) {
    if (constraint.severity !== 'error' || constraint.expression === undefined || constraint.key === undefined) continue
    if (NATIVE_CONSTRAINTS.has(constraint.key) || (isExtension && constraint.key === 'ext-1')) continue
    const taken = constraints[constraint.key]
    const key = taken === undefined || taken === constraint.expression ? constraint.key : `${constraint.key}@${element.path}`
    constraints[key] = constraint.expression
    keys.push(key)
  }
  return keys.length === 0 ? undefined : keys
}

function parentPath(path: string): string {
  const dot = path.lastIndexOf('.')
  return dot < 0 ? '' : path.slice(0, dot)
}

import { definitions, definitionsCache, typeModel } from '../definitions/load.ts'
import type { ElementModel, TypeModel } from '../definitions/model.ts'
import { FhirError } from '../errors.ts'
import { bindingFor } from './bindings.ts'
import type { Binding } from './bindings.ts'
import { invariantFor } from './invariants.ts'
import type { Invariant } from './invariants.ts'

/** A JSON property of a type, with everything its check needs. */
export interface CompiledElement {
  /** FHIR element name: `value` for `valueQuantity`. */
  readonly name: string
  readonly type: string
  readonly form: 'primitive' | 'complex' | 'resource' | 'xhtml'
  readonly many: boolean
  readonly max: number
  readonly choice: boolean
  readonly binding: Binding | undefined
  readonly targets: ReadonlySet<string> | undefined
  readonly invariants: readonly Invariant[]
}

/** A type, ready to be walked. */
export interface CompiledType {
  readonly name: string
  readonly isResource: boolean
  readonly byKey: ReadonlyMap<string, CompiledElement>
  /** Names of required elements, with the JSON properties that can carry each. */
  readonly required: readonly { readonly name: string; readonly keys: readonly string[] }[]
  readonly invariants: readonly Invariant[]
}

const compiled = definitionsCache<CompiledType>()

/** Compiles a type on first use. @throws FhirError ERR_FHIR_TYPE_UNKNOWN */
export function compiledType(name: string): CompiledType {
  const known = compiled.get(name)
  if (known) return known
  const model = typeModel(name)
  if (model === undefined) throw new FhirError('ERR_FHIR_TYPE_UNKNOWN')
  const type = compile(name, model)
  compiled.set(name, type)
  return type
}

function compile(name: string, model: TypeModel): CompiledType {
  const byKey = new Map<string, CompiledElement>()
  const required: { name: string; keys: string[] }[] = []
  for (const [key, element] of Object.entries(model.elements)) {
    const choice = key.endsWith('[x]')
    const base = choice ? key.slice(0, -3) : key
    const keys: string[] = []
    for (const declared of element.types) {
      const [code = '', profile] = declared.split(':')
      const property = choice ? base + code.charAt(0).toUpperCase() + code.slice(1) : base
      keys.push(property, `_${property}`)
      byKey.set(property, compileElement(base, profile ?? code, choice, element))
    }
    if (element.required) required.push({ name: base, keys })
  }
  return { name, isResource: model.kind === 'resource', byKey, required, invariants: invariantsOf(model.constraints) }
}

function compileElement(name: string, type: string, choice: boolean, element: ElementModel): CompiledElement {
  const kind = typeModel(type)?.kind
  const form = type === 'xhtml' ? 'xhtml' : type === 'Resource' ? 'resource' : kind === 'primitive' ? 'primitive' : 'complex'
  return {
    name,
    type,
    form,
    many: element.many ?? false,
    max: element.max ?? Number.POSITIVE_INFINITY,
    choice,
    binding: element.binding === undefined ? undefined : bindingFor(element.binding),
    targets: element.targets === undefined ? undefined : new Set(element.targets),
    invariants: invariantsOf(element.constraints),
  }
}

function invariantsOf(keys: readonly string[] | undefined): Invariant[] {
  return (keys ?? []).flatMap((key) => {
    const expression = definitions().constraints[key]
    return expression === undefined ? [] : (invariantFor(key, expression) ?? [])
  })
}

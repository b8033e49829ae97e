import { isResourceType } from '../definitions/load.ts'
import type { JsonObject } from '../json.ts'
import { isObject, listOf, objectsOf, textOf } from '../json.ts'
import type { Issue, IssueCode } from '../outcomes/issue.ts'
import { parseReference } from '../references/parse.ts'
import { compiledType } from './compile.ts'
import type { CompiledElement, CompiledType } from './compile.ts'
import type { Invariant } from './invariants.ts'
import type { ValidationLimits } from './limits.ts'
import { isSafeNarrative } from './narrative.ts'
import { primitiveFault } from './primitives.ts'

const SAFE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/
/** Thrown through the walk when a limit is met: the rest of the input is not looked at. */
const STOP = Symbol('stop')

/** Walks one resource against the compiled R4 types and collects issues. One instance serves one resource. */
export class Walk {
  readonly issues: Issue[] = []
  readonly #limits: ValidationLimits
  readonly #allowConditional: boolean
  readonly #path: (string | number)[] = []
  #depth = 0
  #nodes = 0
  #resource: JsonObject = {}
  #root: JsonObject = {}
  #insideContained = false
  #containedIds: ReadonlySet<string> = new Set()
  #containedUsed = new Set<string>()

  constructor(limits: ValidationLimits, allowConditional: boolean) {
    this.#limits = limits
    this.#allowConditional = allowConditional
  }

  /** Validates a whole resource. */
  run(resource: unknown): Issue[] {
    try {
      this.#resourceAt(resource, false)
    } catch (error) {
      if (error !== STOP) throw error
    }
    return this.issues
  }

  #report(code: IssueCode, diagnostics: string, ...more: readonly string[]): void {
    this.#add('error', code, diagnostics, more)
    if (this.issues.length >= this.#limits.maxIssues) throw STOP
  }

  #add(severity: 'error' | 'warning', code: IssueCode, diagnostics: string, more: readonly string[]): void {
    let path = ''
    for (const step of [...this.#path, ...more]) path += typeof step === 'number' ? `[${step}]` : path === '' ? step : `.${step}`
    this.issues.push({ severity, code, expression: path === '' ? [] : [path], diagnostics })
  }

  #resourceAt(value: unknown, contained: boolean): void {
    if (!isObject(value)) return this.#report('structure', 'a resource is a JSON object')
    const name = value['resourceType']
    if (!isResourceType(name)) return this.#report('structure', 'resourceType is not an R4 resource type', 'resourceType')
    const outer = { resource: this.#resource, root: this.#root, inside: this.#insideContained, ids: this.#containedIds, used: this.#containedUsed }
    this.#resource = value
    this.#insideContained = contained
    const top = this.#path.length === 0
    if (top) this.#path.push(name)
    if (!contained) {
      this.#root = value
      this.#containedIds = new Set(objectsOf(value['contained']).flatMap((item) => textOf(item['id']) ?? []))
      this.#containedUsed = new Set()
    }
    this.#object(value, compiledType(name))
    if (!contained) this.#checkContained(value)
    if (top) this.#path.pop()
    this.#resource = outer.resource
    this.#root = outer.root
    this.#insideContained = outer.inside
    this.#containedIds = outer.ids
    this.#containedUsed = outer.used
  }

  /** dom-3: a contained resource is referred to from its container, or refers to it. */
  #checkContained(value: JsonObject): void {
    listOf(value['contained']).forEach((item, index) => {
      const id = isObject(item) ? textOf(item['id']) : undefined
      if (id === undefined || this.#containedUsed.has(id) || this.#containedUsed.has('')) return
      if (isObject(item) && item['resourceType'] === 'Provenance') return
      this.#path.push('contained', index)
      this.#report('invariant', 'dom-3: a contained resource is not referred to')
      this.#path.length -= 2
    })
  }

  #object(value: JsonObject, type: CompiledType): void {
    if (++this.#depth > this.#limits.maxDepth) {
      this.#add('error', 'too-costly', 'nested too deeply', [])
      throw STOP
    }
    this.#count(1)
    const keys = Object.keys(value)
    if (!type.isResource && keys.every((key) => key === 'id')) this.#report('structure', 'ele-1: an element has a value or children')
    let choices: Map<string, string> | undefined
    for (const key of keys) {
      if (key === 'resourceType' && type.isResource) continue
      const bare = key.startsWith('_') ? key.slice(1) : key
      const element = type.byKey.get(bare)
      if (element === undefined || (bare !== key && element.form !== 'primitive')) {
        this.#report('structure', 'unknown property', ...(SAFE_NAME.test(key) ? [key] : []))
        continue
      }
      if (element.choice) {
        choices ??= new Map()
        const other = choices.get(element.name)
        if (other !== undefined && other !== bare) this.#report('structure', 'more than one type of a choice element', element.name)
        choices.set(element.name, bare)
      }
      if (bare !== key && value[bare] !== undefined) continue
      this.#path.push(element.name)
      this.#element(value[bare], value[`_${bare}`], element)
      this.#path.pop()
    }
    for (const { name, keys: carriers } of type.required) {
      if (!carriers.some((key) => value[key] !== undefined)) this.#report('required', 'required element is missing', name)
    }
    if (type.name === 'Reference') this.#reference(value)
    this.#invariants(type.invariants, value, type.name)
    this.#depth--
  }

  #element(value: unknown, sibling: unknown, element: CompiledElement): void {
    if (!element.many) {
      if (Array.isArray(value) || Array.isArray(sibling)) return this.#report('structure', 'expected one value, not a list')
      return this.#one(value, sibling, element)
    }
    if ((value !== undefined && !Array.isArray(value)) || (sibling !== undefined && !Array.isArray(sibling)))
      return this.#report('structure', 'expected a list')
    const values = (value ?? []) as unknown[]
    const siblings = (sibling ?? []) as unknown[]
    const length = Math.max(values.length, siblings.length)
    if (length === 0) return this.#report('structure', 'ele-1: an empty list is not allowed')
    if (length > element.max) this.#report('structure', 'too many values')
    for (let index = 0; index < length; index++) {
      this.#path.push(index)
      this.#one(values[index] ?? undefined, siblings[index] ?? undefined, element)
      this.#path.pop()
    }
  }

  #one(value: unknown, sibling: unknown, element: CompiledElement): void {
    if (value === undefined && sibling === undefined) return this.#report('structure', 'null is not allowed')
    if (element.form === 'primitive' || element.form === 'xhtml') {
      if (value !== undefined) this.#primitive(value, element)
      if (sibling !== undefined) this.#sibling(sibling)
      if (value === null) this.#report('structure', 'null is not allowed')
      return
    }
    if (element.form === 'resource') {
      if (this.#path.at(-2) === 'contained' && this.#insideContained) return this.#report('invariant', 'dom-2: contained resources are not nested')
      return this.#resourceAt(value, this.#path.at(-2) === 'contained')
    }
    if (!isObject(value)) return this.#report('structure', 'expected an object')
    this.#object(value, compiledType(element.type))
    if (
      element.binding &&
      element.type === 'CodeableConcept' &&
      !objectsOf(value['coding']).some((coding) => element.binding?.hasCoding(textOf(coding['system']), textOf(coding['code'])))
    ) {
      if (value['extension'] === undefined) this.#report('code-invalid', 'no coding is in the required value set')
    } else if (element.binding && element.type === 'Coding' && !element.binding.hasCoding(textOf(value['system']), textOf(value['code']))) {
      this.#report('code-invalid', 'the coding is not in the required value set')
    }
    if (element.targets && element.type === 'Reference') this.#target(value, element.targets)
    this.#invariants(element.invariants, value, element.type)
  }

  #primitive(value: unknown, element: CompiledElement): void {
    this.#count(1)
    if (element.form === 'xhtml') {
      if (typeof value !== 'string' || !isSafeNarrative(value)) this.#report('invariant', 'txt-1: the narrative is not the allowed XHTML')
      return
    }
    const fault = primitiveFault(element.type, value, this.#limits.maxBase64Length)
    if (typeof value === 'string') this.#count(value.length >> 6)
    if (fault === 'too-long') return this.#report('too-long', `${element.type} is too long`)
    if (fault !== undefined) return this.#report(fault === 'json-type' ? 'structure' : 'value', `not a valid ${element.type}`)
    if (element.binding && element.type === 'code' && !element.binding.hasCode(value as string))
      this.#report('code-invalid', 'the code is not in the required value set')
    this.#containedUse(value, element.type)
    this.#invariants(element.invariants, value, element.type)
  }

  #containedUse(value: unknown, type: string): void {
    if (typeof value === 'string' && value.startsWith('#') && (type === 'canonical' || type === 'uri' || type === 'url'))
      this.#containedUsed.add(value.slice(1))
  }

  #sibling(sibling: unknown): void {
    if (!isObject(sibling)) return this.#report('structure', 'expected an object')
    this.#object(sibling, compiledType('Element'))
  }

  #reference(value: JsonObject): void {
    const text = value['reference']
    if (typeof text !== 'string') return
    const parsed = parseReference(text)
    if (parsed.form === 'invalid') return this.#report('value', 'not a valid reference', 'reference')
    if (parsed.form === 'conditional' && !this.#allowConditional)
      return this.#report('value', 'a conditional reference is allowed in a transaction only', 'reference')
    if (parsed.form === 'contained') {
      this.#containedUsed.add(parsed.id)
      const self = parsed.id === '' && this.#insideContained
      if (!self && !this.#containedIds.has(parsed.id)) this.#report('invariant', 'ref-1: no contained resource has this id', 'reference')
    }
  }

  #target(value: JsonObject, targets: ReadonlySet<string>): void {
    const text = value['reference']
    const parsed = typeof text === 'string' ? parseReference(text) : undefined
    let type = parsed && 'type' in parsed && (parsed.form === 'relative' || parsed.form === 'conditional') ? parsed.type : undefined
    if (type === undefined && isResourceType(value['type'])) type = value['type']
    if (type !== undefined && !targets.has(type)) this.#report('value', 'a reference to this resource type is not allowed here')
  }

  #invariants(invariants: readonly Invariant[], node: unknown, type: string): void {
    for (const invariant of invariants) {
      const result = invariant.check(node, { resource: this.#resource, root: this.#root, type })
      if (result === 'broken') this.#report('invariant', `${invariant.key.split('@')[0]}: the invariant does not hold`)
    }
  }

  #count(nodes: number): void {
    this.#nodes += nodes
    if (this.#nodes <= this.#limits.maxNodes) return
    this.#add('error', 'too-costly', 'the resource is too large', [])
    throw STOP
  }
}

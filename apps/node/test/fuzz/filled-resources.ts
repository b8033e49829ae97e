import { readFileSync } from 'node:fs'
import type { DefinitionsModel } from '@chiron/fhir'

type Json = { [name: string]: unknown }
type Elements = DefinitionsModel['types'][string]['elements']

/** Values in which each form of a primitive comes up, taken in turn. */
const PRIMITIVES: Readonly<Record<string, readonly unknown[]>> = {
  base64Binary: ['AAEC'], boolean: [true, false], canonical: ['http://a.example/x|1'], code: ['a'], date: ['2020', '2020-02', '2020-02-29'], decimal: [1.5, -0.25, 100], id: ['i-1.a'],
  dateTime: ['2020-02-29', '2020-02-29T23:59:59.999+14:00', '2021', '2020-12'], instant: ['2020-02-29T00:00:00Z', '2020-02-29T23:59:60.5-05:00'], integer: [0, -3, 7], markdown: ['*a*'], oid: ['urn:oid:1.2.3'], positiveInt: [1, 9],
  string: ['a b', 'é😀'], time: ['23:59:59'], unsignedInt: [0, 4], uri: ['urn:x:y', 'http://a.example/b'], url: ['https://a.example/'], uuid: ['urn:uuid:11111111-1111-4111-8111-111111111111'],
  xhtml: ['<div xmlns="http://www.w3.org/1999/xhtml"><p class="a">b <a href="https://a.example/">c</a> &amp; <br/><img src="#c1" alt="x"/></p></div>', '<div xmlns="http://www.w3.org/1999/xhtml"><table><tr><td colspan="2">1</td></tr></table></div>'],
}
const DEPTH = 4

/**
 * Small resources with much in them, made from the definitions alone: of each type one with the elements that it needs, and
 * `variants` with a share of all others. Nothing in them comes from anybody's record.
 */
export function filledResources(definitionsPath: string, variants: number): Json[] {
  const { types, valueSets } = JSON.parse(readFileSync(definitionsPath, 'utf8')) as DefinitionsModel
  let turn = 0
  const next = <T>(values: readonly T[]): T => values[turn++ % values.length] as T
  const value = (type: string, elements: Elements[string], depth: number): unknown => {
    const [name = ''] = type.split(':')
    if (name === 'Resource') return undefined
    if (name === 'code' || name === 'Coding' || name === 'CodeableConcept') return coded(name, elements.binding)
    if (name in PRIMITIVES) return next(PRIMITIVES[name] as readonly unknown[])
    if (name === 'Reference') return next<Json>([{ reference: `${next(elements.targets ?? ['Patient'])}/p1` }, { reference: '#c1' }, { identifier: { system: 'urn:x', value: '1' } }, { display: 'a' }, { reference: 'urn:uuid:11111111-1111-4111-8111-111111111111' }])
    if (name === 'Extension') return { url: 'urn:x:e', valueString: 'e' }
    const model = types[name]
    return model === undefined || depth > DEPTH ? undefined : object(model.elements, depth, 3)
  }
  const coded = (name: string, binding: string | undefined): unknown => {
    const [system = 'urn:x', codes = ['a']] = Object.entries(valueSets[binding ?? ''] ?? {})[0] ?? []
    const coding = { system, code: next(codes.slice(0, 6)) }
    return name === 'code' ? coding.code : name === 'Coding' ? coding : { coding: [coding], text: 'a' }
  }
  /** With every element that is required, and one of so many of the others; none of those for 0. */
  const object = (elements: Elements, depth: number, oneOf: number): Json => {
    const made: Json = {}
    for (const [key, element] of Object.entries(elements)) {
      if (key === 'contained' || (element.required !== true && (oneOf === 0 || depth > DEPTH || turn++ % oneOf !== 0))) continue
      const type = next(element.types)
      const one = value(type, element, depth + 1)
      if (one === undefined) continue
      const name = key.endsWith('[x]') ? key.slice(0, -3) + type.slice(0, 1).toUpperCase() + (type.split(':')[0] as string).slice(1) : key
      made[name] = element.many === true ? [one] : one
    }
    return made
  }
  const resources = Object.entries(types).filter(([, { kind, abstract }]) => kind === 'resource' && abstract !== true)
  return resources.flatMap(([resourceType, { elements }]) => [0, ...Array.from({ length: variants }, (_, at) => 5 + at)].map((oneOf) => {
    const made = { resourceType, ...object(elements, 0, oneOf), id: 'r1' }
    return JSON.stringify(made).includes('"#c1"') ? { ...made, contained: [{ resourceType: 'Patient', id: 'c1', active: true }] } : made
  }))
}

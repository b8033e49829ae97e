import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import { loadDefinitions } from '@chiron/fhir'
import { definitionsPath, ensureDefinitions } from '../../../../../tools/prepare-definitions.ts'
import type { IndexStore } from '../index/port.ts'
import { Aliases } from './aliases.ts'
import { localisedTexts } from './localise.ts'
import { localised } from './references.ts'

beforeAll(() => {
  ensureDefinitions()
  loadDefinitions(readFileSync(definitionsPath, 'utf8'))
})

const LOCAL: Readonly<Record<string, string>> = { 'Patient/p1': 'mrn-1', 'Observation/o1': 'lab.7', 'Encounter/e1': 'visit' }
const aliases = new Aliases({ index: { localId: async (type: string, id: string) => LOCAL[`${type}/${id}`] } as unknown as IndexStore })

const id = fc.constantFrom('p1', 'o1', 'e1', 'x')
const type = fc.constantFrom('Patient', 'Observation', 'Encounter', 'Nonsense')
const target = fc.oneof(
  fc.tuple(type, id, fc.constantFrom('', '/_history/3', '?a=b', ' ')).map(([name, at, tail]) => `${name}/${at}${tail}`),
  fc.constantFrom('#c', 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0', 'https://b.org/fhir/Patient/p1', '', 'Patient/p1","reference":"Encounter/e1'),
)
const text = fc.oneof(fc.string(), fc.constantFrom('p1', 'Patient/p1', '{"reference":"Patient/p1"}', ',"reference":"Patient/p1"', '"id":"o1"', 'o1', '\\'))
const element: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.record({ reference: target, display: text }, { requiredKeys: ['reference'] }),
    fc.dictionary(fc.constantFrom('id', 'a', 'reference', 'text', 'a"b', 'x","reference'), tie('node'), { maxKeys: 3, noNullPrototype: true }),
    fc.array(tie('node'), { maxLength: 3 }),
  ),
})).node

describe('ids in JSON text', () => {
  it('become those that rewriting the parsed resource gives', async () => {
    const resource = fc.tuple(fc.constantFrom('Patient', 'Observation'), fc.constantFrom('p1', 'o1', 'x'), element, fc.boolean()).map(([resourceType, own, note, late]) =>
      late ? { resourceType, note, id: own } : { resourceType, id: own, note },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(resource, { maxLength: 3 }), async (resources) => {
        const rows = resources.map((each) => ({ type: each.resourceType, id: each.id }))
        const expected = await localised({ aliases }, resources)
        expect(await localisedTexts({ aliases }, rows, resources.map((each) => JSON.stringify(each)))).toEqual(expected.map((each) => ({ id: each.id, text: JSON.stringify(each) })))
      }),
      { numRuns: 2000 },
    )
  })
})

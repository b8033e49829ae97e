import { beforeAll, describe, expect, it } from 'vitest'
import { useDefinitions } from '../../test/support.ts'
import { listReferences, mapReferences } from './map.ts'
import { parseReference } from './parse.ts'

beforeAll(useDefinitions)

const BASE = 'https://a.org/fhir'

describe('parseReference', () => {
  it.each<[string, object]>([
    ['Patient/1', { form: 'relative', type: 'Patient', id: '1' }],
    ['Patient/1/_history/2', { form: 'relative', type: 'Patient', id: '1', version: '2' }],
    [`${BASE}/Patient/1`, { form: 'local', type: 'Patient', id: '1' }],
    ['https://b.org/fhir/Patient/1', { form: 'absolute', url: 'https://b.org/fhir/Patient/1', type: 'Patient', id: '1' }],
    ['https://a.org/fhirx/Patient/1', { form: 'absolute', url: 'https://a.org/fhirx/Patient/1', type: 'Patient', id: '1' }],
    ['https://b.org/x', { form: 'absolute', url: 'https://b.org/x' }],
    ['#a', { form: 'contained', id: 'a' }],
    ['urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0', { form: 'urn', urn: 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0' }],
    ['urn:oid:1.2.3', { form: 'urn', urn: 'urn:oid:1.2.3' }],
    ['Patient?identifier=a|b', { form: 'conditional', type: 'Patient', query: 'identifier=a|b' }],
    ...[
      '',
      'Patient',
      'Patient/',
      'Foo/1',
      'Patient/a b',
      'Patient/1/2',
      'Patient/1/_history',
      'urn:uuid:x',
      'Patient?',
      'Foo?a=b',
      '#a b',
      `Patient/${'a'.repeat(65)}`,
      'http://a b',
    ].map((text): [string, object] => [text, { form: 'invalid' }]),
  ])('%s', (text, expected) => {
    expect(parseReference(text, BASE)).toEqual(expected)
  })
})

describe('mapReferences', () => {
  const resource = {
    resourceType: 'Observation',
    subject: { reference: 'Patient/1' },
    contained: [{ resourceType: 'Condition', subject: { reference: '#x' } }],
    extension: [{ url: 'u', valueReference: { reference: 'urn:oid:1.2.3' } }],
    note: [{ text: 'reference' }],
    code: { text: 'Patient/1' },
  }

  it('lists references with their paths, also in contained resources', () => {
    expect(listReferences(resource).map(({ path, text }) => [path, text])).toEqual([
      ['Observation.subject.reference', 'Patient/1'],
      ['Observation.contained[0].subject.reference', '#x'],
      ['Observation.extension[0].valueReference.reference', 'urn:oid:1.2.3'],
    ])
  })

  it('changes a copy, sharing what stays the same', () => {
    const before = structuredClone(resource)
    const mapped = mapReferences(resource, ({ text }) => (text === 'Patient/1' ? 'Patient/2' : undefined))
    expect(mapped.subject).toEqual({ reference: 'Patient/2' })
    expect(mapped.contained).toBe(resource.contained)
    expect(mapped.code.text).toBe('Patient/1')
    expect(resource).toEqual(before)
    expect(mapReferences(resource, () => undefined)).toBe(resource)
  })
})

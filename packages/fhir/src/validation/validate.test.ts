import { basename } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { SAMPLES } from '../../test/samples.ts'
import { examplesFolder, hasShared, jsonFiles, needsShared, readJsonFile, syntheaFolder, useDefinitions } from '../../test/support.ts'
import type { JsonObject } from '../json.ts'
import { validateOnWrite } from './validate.ts'

beforeAll(useDefinitions)

const observation = (): Record<string, unknown> => ({
  resourceType: 'Observation',
  id: 'x',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  subject: { reference: 'Patient/p1' },
  effectiveDateTime: '2021-03-01',
  valueQuantity: { value: 1, system: 'http://unitsofmeasure.org', code: '/min' },
  component: [{ code: { text: 'a' }, valueString: 'b' }],
})

describe('validateOnWrite', () => {
  it('accepts the invented resources', () => {
    for (const sample of SAMPLES) expect(validateOnWrite(sample), `${String(sample['resourceType'])}/${String(sample['id'])}`).toEqual([])
  })

  it.each<[string, (resource: Record<string, unknown>) => void, string, string]>([
    ['an unknown property', (o) => (o['colour'] = 'red'), 'structure', 'Observation.colour'],
    ['an unknown nested property', (o) => (o['component'] = [{ code: { text: 'a' }, foo: 1 }]), 'structure', 'Observation.component[0].foo'],
    ['a property of another choice type', (o) => (o['valueFoo'] = 1), 'structure', 'Observation.valueFoo'],
    ['two types of a choice', (o) => (o['valueString'] = 'a'), 'structure', 'Observation.value'],
    ['a prototype key', (o) => Object.defineProperty(o, '__proto__', { value: {}, enumerable: true }), 'structure', 'Observation.__proto__'],
    ['a missing required element', (o) => delete o['code'], 'required', 'Observation.code'],
    ['a code outside its required binding', (o) => (o['status'] = 'finished'), 'code-invalid', 'Observation.status'],
    ['a nested code outside its binding', (o) => (o['valueQuantity'] = { value: 1, comparator: '==' }), 'code-invalid', 'Observation.value.comparator'],
    ['a list where one is allowed', (o) => (o['status'] = ['final']), 'structure', 'Observation.status'],
    ['one where a list is needed', (o) => (o['category'] = { text: 'a' }), 'structure', 'Observation.category'],
    ['an empty list', (o) => (o['category'] = []), 'structure', 'Observation.category'],
    ['an empty object', (o) => (o['code'] = {}), 'structure', 'Observation.code'],
    ['null', (o) => (o['issued'] = null), 'structure', 'Observation.issued'],
    ['an element that has only an id', (o) => (o['code'] = { id: 'a' }), 'structure', 'Observation.code'],
    ['a day that does not exist', (o) => (o['effectiveDateTime'] = '2021-02-29'), 'value', 'Observation.effective'],
    ['a time without zone', (o) => (o['effectiveDateTime'] = '2021-02-28T10:00:00'), 'value', 'Observation.effective'],
    ['an instant without time', (o) => (o['issued'] = '2021-02-28'), 'value', 'Observation.issued'],
    ['a string for a number', (o) => (o['valueQuantity'] = { value: '1' }), 'structure', 'Observation.value.value'],
    ['a blank string', (o) => (o['code'] = { text: ' ' }), 'value', 'Observation.code.text'],
    ['a bad id', (o) => (o['id'] = 'a/b'), 'value', 'Observation.id'],
    ['a bad reference', (o) => (o['subject'] = { reference: 'Patient/' }), 'value', 'Observation.subject.reference'],
    ['a reference to an unknown type', (o) => (o['subject'] = { reference: 'Person9/1' }), 'value', 'Observation.subject.reference'],
    ['a reference to a type not allowed here', (o) => (o['subject'] = { reference: 'Claim/1' }), 'value', 'Observation.subject'],
    ['a reference to a missing contained resource', (o) => (o['subject'] = { reference: '#p' }), 'invariant', 'Observation.subject.reference'],
    ['a conditional reference outside a transaction', (o) => (o['subject'] = { reference: 'Patient?identifier=1' }), 'value', 'Observation.subject.reference'],
    ['a contained resource nobody refers to', (o) => (o['contained'] = [{ resourceType: 'Patient', id: 'p' }]), 'invariant', 'Observation.contained[0]'],
    [
      'a broken contained resource',
      (o) => {
        o['contained'] = [{ resourceType: 'Patient', id: 'p', gender: 'x' }]
        o['subject'] = { reference: '#p' }
      },
      'code-invalid',
      'Observation.contained[0].gender',
    ],
    ['a broken invariant', (o) => (o['dataAbsentReason'] = { text: 'a' }), 'invariant', 'Observation'],
    [
      'a period that ends before it starts',
      (o) => {
        delete o['effectiveDateTime']
        o['effectivePeriod'] = { start: '2021-02-02', end: '2021-02-01' }
      },
      'invariant',
      'Observation.effective',
    ],
    [
      'an extension with a value and extensions',
      (o) => (o['extension'] = [{ url: 'u', valueString: 'a', extension: [{ url: 'v', valueString: 'b' }] }]),
      'invariant',
      'Observation.extension[0]',
    ],
    [
      'a script in the narrative',
      (o) => (o['text'] = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><script>1</script></div>' }),
      'invariant',
      'Observation.text.div',
    ],
  ])('refuses %s', (_title, change, code, path) => {
    const resource = observation()
    change(resource)
    const issues = validateOnWrite(resource)
    expect(issues.map((issue) => [issue.severity, issue.code, issue.expression?.[0]])).toContainEqual(['error', code, path])
  })

  it('accepts primitive extensions in place of values, and nulls that line up with them', () => {
    const patient = {
      resourceType: 'Patient',
      _birthDate: { extension: [{ url: 'u', valueCode: 'unknown' }] },
      name: [{ given: ['A', null], _given: [null, { extension: [{ url: 'u', valueCode: 'x' }] }] }],
    }
    expect(validateOnWrite(patient)).toEqual([])
    expect(validateOnWrite({ ...patient, name: [{ given: ['A', null] }] })[0]?.expression).toEqual(['Patient.name[0].given[1]'])
  })

  it.each([
    [undefined],
    [null],
    ['x'],
    [[]],
    [{}],
    [{ resourceType: 'Foo' }],
    [{ resourceType: 'constructor' }],
    [{ resourceType: 'DomainResource' }],
    [{ resourceType: 'HumanName' }],
  ])('refuses %j as a resource', (value) => {
    expect(validateOnWrite(value)[0]?.severity).toBe('error')
  })

  it('stops at its limits instead of walking on', () => {
    let item: JsonObject = { linkId: '1' }
    for (let depth = 0; depth < 100; depth++) item = { linkId: '1', item: [item] }
    expect(validateOnWrite({ resourceType: 'QuestionnaireResponse', status: 'completed', item: [item] }).map((issue) => issue.code)).toContain('too-costly')
    const wide = { resourceType: 'Patient', name: Array.from({ length: 200 }, () => ({ family: 'a' })) }
    expect(validateOnWrite(wide, { limits: { maxNodes: 100 } }).map((issue) => issue.code)).toEqual(['too-costly'])
    const long = { resourceType: 'Patient', name: [{ text: 'a'.repeat(10_000) }] }
    expect(validateOnWrite(long, { limits: { maxNodes: 100 } }).map((issue) => issue.code)).toEqual(['too-costly'])
    const bad = { resourceType: 'Patient', name: Array.from({ length: 200 }, () => ({ family: 1 })) }
    expect(validateOnWrite(bad, { limits: { maxIssues: 5 } })).toHaveLength(5)
  })

  it('never repeats a value', () => {
    const secret = 'Zebediah-HIV'
    const broken = {
      resourceType: 'Patient',
      id: `${secret}/`,
      gender: secret,
      birthDate: secret,
      active: secret,
      [`${secret} x`]: 1,
      managingOrganization: { reference: `${secret} y` },
    }
    const issues = validateOnWrite(broken)
    expect(issues.length).toBeGreaterThan(5)
    expect(JSON.stringify(issues)).not.toContain('Zebediah')
  })
})

/** Examples of the specification that break the specification. */
const WRONG_EXAMPLES: Readonly<Record<string, string>> = {
  'CodeSystem-v2-0550.json': 'codes end in a no-break space',
  'DeviceMetric-example.json': 'parent is a DeviceDefinition; only Device is allowed',
  'DeviceUseStatement-example.json': 'reasonReference is a Procedure, which is not allowed',
  'MedicationRequest-medrx0301.json': 'dispenseRequest.performer is a Practitioner; only Organization is allowed',
  'Observation-clinical-gender.json': 'performer is an Encounter, which is not allowed',
  'Questionnaire-qs1.json': 'items without the required linkId',
}

describe.skipIf(!hasShared)(`validateOnWrite on shared data${needsShared}`, () => {
  it('accepts every Synthea bundle and each of its resources', () => {
    for (const file of jsonFiles(syntheaFolder)) {
      const bundle = readJsonFile(file)
      const options = { allowConditionalReferences: true }
      expect([basename(file), validateOnWrite(bundle, options)]).toEqual([basename(file), []])
    }
  })

  it('accepts the examples of the specification, except those that break it', () => {
    const refused = jsonFiles(examplesFolder).flatMap((file) => {
      const resource = readJsonFile(file)
      if (resource['resourceType'] === undefined) return []
      return validateOnWrite(resource, { allowConditionalReferences: true }).some((issue) => issue.severity === 'error')
        ? [basename(file).replace('.gz', '')]
        : []
    })
    expect(refused.sort()).toEqual(Object.keys(WRONG_EXAMPLES).sort())
  })
})

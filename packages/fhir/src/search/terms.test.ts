import { expect, test } from 'vitest'
import { IndexStore } from '../../test/index-store.ts'
import { useDefinitions } from '../../test/support.ts'
import { indexValues } from './index-values.ts'
import { INDEX_DELETES, TERMS_DELETE, TERMS_SELECT, TOKEN_SYSTEM_DELETE, formatTerms, parseTerms, termsOf } from './terms.ts'

useDefinitions()

const RESOURCES = [
  {
    resourceType: 'Observation',
    id: 'o1',
    status: 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory', display: 'Laboratory' }] }],
    code: { text: 'Glucose "fasting"', coding: [{ system: 'http://loinc.org', code: '1558-6' }, { code: 'gluc\u00f6se \\' }] },
    subject: { reference: 'Patient/p1' },
    effectiveDateTime: '1969-07',
    valueQuantity: { value: 0.1, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
  },
  { resourceType: 'Observation', id: 'o2', status: 'final', code: { coding: [{ system: 'http://loinc.org', code: '1558-6' }] }, subject: { reference: 'Patient/p2' }, valueQuantity: { value: 123456.78912345 } },
  { resourceType: 'Patient', id: 'p1', name: [{ family: 'Årbö', given: ['Ida'] }], identifier: [{ system: 'urn:mrn', value: '7' }], birthDate: '1969-01-02' },
  { resourceType: 'RiskAssessment', id: 'r1', status: 'final', subject: { reference: 'Patient/p1' }, prediction: [{ probabilityDecimal: 1e-7 }] },
  { resourceType: 'ValueSet', id: 'v1', status: 'active', url: 'http://example.org/v' },
]

test('terms come back from the database as they went in', () => {
  const { db } = new IndexStore(RESOURCES)
  for (const [index, resource] of RESOURCES.entries()) {
    const terms = termsOf(resource.resourceType, indexValues(resource))
    const stored = db.prepare(TERMS_SELECT).get(index + 1)?.['terms'] as string
    expect(parseTerms(stored)).toEqual(parseTerms(formatTerms(terms)))
    expect(new Set(parseTerms(stored).map((term) => JSON.stringify(term)))).toEqual(new Set(terms.map((term) => JSON.stringify(term))))
  }
})

test('what terms list is all that there is to remove, and a system stays while another row has it', () => {
  const { db } = new IndexStore(RESOURCES)
  const loinc = (): number => db.prepare("SELECT count(*) AS n FROM token_system WHERE system = 'http://loinc.org'").get()?.['n'] as number
  const remove = (rid: number): void => {
    for (const { kind, key } of parseTerms(db.prepare(TERMS_SELECT).get(rid)?.['terms'] as string)) {
      db.prepare(INDEX_DELETES[kind]).run(...key, rid)
      if (kind === 'token') db.prepare(TOKEN_SYSTEM_DELETE).run(...key.slice(0, 2))
    }
    db.prepare(TERMS_DELETE).run(rid)
  }
  const before = loinc()
  expect(before).toBeGreaterThan(0)
  remove(1)
  expect(loinc()).toBe(before)
  for (let rid = 2; rid <= RESOURCES.length; rid++) remove(rid)
  const tables = ['token', 'text', 'reference', 'date', 'string', 'quantity', 'uri', 'number'].map((kind) => `ix_${kind}`)
  for (const table of [...tables, 'token_system', 'terms']) expect([table, db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']]).toEqual([table, 0])
})

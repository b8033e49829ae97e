import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { IndexStore } from '../../test/index-store.ts'
import { SAMPLES } from '../../test/samples.ts'
import { hasShared, needsShared, syntheaResources, useDefinitions } from '../../test/support.ts'
import { compileIncludes, compileSearch } from './compile.ts'
import { nextPage } from './paging.ts'
import { parseSearch } from './parse.ts'
import { referenceMatches, queryFor } from '../../test/reference-matcher.ts'
import type { Sql } from './schema.ts'

const EVERYTHING: Sql = { sql: '1 = 1', params: [] }

function ids(store: IndexStore, type: string, text: string, visibility: Sql = EVERYTHING): string[] {
  const { page, count } = compileSearch(parseSearch(type, text), { visibility, columns: [] })
  const rows = store.all(page)
  expect(store.all(count)[0]?.['total']).toBe(rows.length)
  return rows.map((row) => String(row['id']))
}

describe('compileSearch on invented resources', () => {
  let store: IndexStore
  beforeAll(() => {
    useDefinitions()
    store = new IndexStore(SAMPLES)
  })

  it.each([
    ['Patient', 'name=mull', ['p1']],
    ['Patient', 'name=ANN smith', ['p1']],
    ['Patient', 'family=smith', ['p2', 'p3']],
    ['Patient', 'family:exact=Smith', ['p2']],
    ['Patient', 'family:contains=THS', ['p3']],
    ['Patient', 'given=zoe', ['p1']],
    ['Patient', 'email=zoe@example.ORG', ['p1']],
    ['Patient', 'phone:missing=true', ['p2', 'p3']],
    ['Patient', 'deceased=true', ['p2']],
    ['Patient', 'deceased=false', ['p1', 'p3']],
    ['Patient', 'gender:not=male', ['p1', 'p3']],
    ['Patient', 'gender=http://hl7.org/fhir/administrative-gender|male,female', ['p1', 'p2']],
    ['Patient', 'identifier=urn:oid:1.2.3|', ['p1']],
    ['Patient', 'identifier=|MRN-1', []],
    ['Patient', '_id=p2,p3,zz', ['p2', 'p3']],
    ['Patient', 'birthdate=1970', ['p1', 'p2']],
    ['Patient', 'birthdate=1970-05', ['p1']],
    ['Patient', 'birthdate=lt1970-05-17', ['p2']],
    ['Patient', 'organization.name=north', ['p1']],
    ['Patient', '_has:Observation:patient:code=4548-4', ['p1', 'p2']],
    ['Patient', '_has:Observation:patient:_has:Provenance:target:recorded=2021-03-01', ['p1']],
    ['Observation', 'patient=p2', ['ob1', 'ob4']],
    ['Observation', 'subject=Patient/p2', ['ob1', 'ob4']],
    ['Observation', 'subject:Patient=p2', ['ob1', 'ob4']],
    ['Observation', 'subject:Patient.family=smith&status=final', ['ob1', 'ob2']],
    ['Observation', 'encounter.service-provider.name=northside', ['ob0', 'ob2']],
    ['Observation', 'code:text=HAEMO', ['ob1', 'ob3']],
    ['Observation', 'code:text=a\\, b\\|c\\$d', ['ob0', 'ob1', 'ob2', 'ob3', 'ob4']],
    ['Observation', 'date=2021-03-01', ['ob0', 'ob3']],
    ['Observation', 'date=ge2021-03-01', ['ob0', 'ob1', 'ob2', 'ob3']],
    ['Observation', 'date=sa2021-02-28', ['ob0', 'ob2', 'ob3']],
    ['Observation', 'date=eb2021', ['ob4']],
    ['Observation', 'date=sa2021-03-01T08:14:59.999Z&_id=ob0', ['ob0']],
    ['Observation', 'date=sa2021-03-01T08:15:00.000Z&_id=ob0', []],
    ['Observation', 'date=eb2021-03-01T08:15:00.999Z&_id=ob0', []],
    ['Observation', 'date=gt2021-03-01T08:15:00.999Z&_id=ob0', []],
    ['Observation', 'date=lt2021-03-01T08:15:00.000Z&_id=ob0', []],
    ['Account', 'patient=p1', ['ac1']],
    ['Account', 'patient=Organization/o1', []],
    ['Account', 'subject=o1', ['ac1']],
    ['Observation', 'date=ne2021', ['ob4']],
    ['Observation', 'date=ap2021-06', ['ob1']],
    ['Observation', 'value-quantity=5.4', ['ob1']],
    ['Observation', 'value-quantity=100', ['ob3']],
    ['Observation', 'value-quantity=100.00', []],
    ['Observation', 'value-quantity=1e2', ['ob3']],
    ['Observation', 'value-quantity=gt5.4&value-quantity=lt120||/min', ['ob0']],
    ['Observation', 'value-quantity=ge72|http://unitsofmeasure.org|/min', ['ob0', 'ob2']],
    ['Observation', 'value-quantity=72||beats/min', ['ob0']],
    ['Observation', 'value-quantity=ap100', ['ob3']],
    ['Condition', 'asserter:identifier=urn:oid:9|doc-7', ['c1']],
    ['Condition', 'asserter:missing=false', ['c1']],
    ['Condition', 'code:missing=false', ['c1']],
    ['RiskAssessment', 'probability=0.25', ['ra1']],
    ['RiskAssessment', 'probability=gt0.3', []],
    ['QuestionnaireResponse', 'questionnaire=https://example.org/q/base', ['qr1']],
    ['QuestionnaireResponse', 'questionnaire=https://example.org/q/base|2.0', ['qr1']],
    ['Encounter', 'date=2021-03-02', []],
    ['Encounter', 'date=gt2030', ['e2']],
    ['Encounter', '_lastUpdated=gt2030', []],
  ] as const)('%s?%s', (type, text, expected) => {
    expect(ids(store, type, text)).toEqual(expected)
  })

  it('sorts by several keys, missing values last in both directions, ties in row order', () => {
    expect(ids(store, 'Patient', '_sort=birthdate')).toEqual(['p2', 'p1', 'p3'])
    expect(ids(store, 'Patient', '_sort=-birthdate')).toEqual(['p2', 'p1', 'p3'])
    expect(ids(store, 'Observation', '_sort=-code,-value-quantity')).toEqual(['ob2', 'ob0', 'ob4', 'ob3', 'ob1'])
    expect(ids(store, 'Observation', '_sort=status')).toEqual(['ob0', 'ob1', 'ob2', 'ob3', 'ob4'])
    expect(ids(store, 'Patient', '_sort=-_id')).toEqual(['p3', 'p2', 'p1'])
  })

  it('hides rows from matches, totals, chains, reverse chains and includes', () => {
    const hidden = (id: string): Sql => ({ sql: 'r.id <> ?', params: [id] })
    expect(ids(store, 'Patient', 'name=mull', hidden('p1'))).toEqual([])
    expect(ids(store, 'Patient', 'organization.name=north', hidden('o1'))).toEqual([])
    expect(ids(store, 'Observation', 'encounter.service-provider.name=hidden')).toEqual(['ob1'])
    expect(ids(store, 'Observation', 'encounter.service-provider.name=hidden', hidden('e2'))).toEqual([])
    expect(ids(store, 'Observation', 'status=final&encounter.service-provider.name=hidden&_id=ob1', hidden('o2'))).toEqual([])
    expect(ids(store, 'Patient', '_has:Encounter:patient:status=in-progress&_id=p2')).toEqual(['p2'])
    expect(ids(store, 'Patient', '_has:Encounter:patient:status=in-progress&_id=p2', hidden('e2'))).toEqual([])
    const include = (text: string, visibility: Sql): string[] => {
      const query = parseSearch('Observation', `_id=ob0&${text}`)
      const [row] = store.all(compileSearch(query, { visibility, columns: [] }).page)
      return compileIncludes(query, [Number(row?.['rid'])], { visibility, limit: 100, round: 'first', columns: [] }).flatMap((sql) =>
        store.all(sql).map((found) => String(found['id'])),
      )
    }
    expect(include('_include=Observation:subject&_revinclude=Provenance:target', EVERYTHING)).toEqual(['p1', 'pr1'])
    expect(include('_include=Observation:subject&_revinclude=Provenance:target', hidden('p1'))).toEqual(['pr1'])
    expect(include('_include=Observation:subject&_revinclude=Provenance:target', hidden('pr1'))).toEqual(['p1'])
    expect(include('_include=Observation:subject:Group', EVERYTHING)).toEqual([])
    expect(include('_include=*', EVERYTHING)).toEqual(['p1', 'e1'])
  })

  it('follows iterate includes in later rounds only', () => {
    const query = parseSearch('Observation', '_id=ob0&_include=Observation:subject&_include:iterate=Patient:organization')
    const options = { visibility: EVERYTHING, limit: 100, columns: [] }
    const first = compileIncludes(query, [8], { ...options, round: 'first' }).flatMap((sql) => store.all(sql))
    expect(first.map((row) => row['id'])).toEqual(['p1'])
    const later = compileIncludes(
      query,
      first.map((row) => Number(row['rid'])),
      { ...options, round: 'later' },
    ).flatMap((sql) => store.all(sql))
    expect(later.map((row) => row['id'])).toEqual(['o1'])
  })

  it.each(['_count=2', '_count=2&_sort=-date', '_count=1&_sort=status,code'])('pages without loss or repetition: %s', (text) => {
    const whole = ids(store, 'Observation', text.replace(/_count=\d/, '_count=100'))
    const seen: string[] = []
    let query = parseSearch('Observation', text)
    for (;;) {
      const rows = store.all(compileSearch(query, { visibility: EVERYTHING, columns: [] }).page)
      seen.push(...rows.slice(0, query.count).map((row) => String(row['id'])))
      const start = nextPage(
        query,
        rows.map((row) => Number(row['rid'])),
        SAMPLES.length,
      )
      if (start === undefined) break
      query = { ...query, start }
    }
    expect(seen).toEqual(whole)
  })

  it('keeps later pages of a sorted search in place when rows are added', () => {
    const growing = new IndexStore(SAMPLES)
    const first = parseSearch('Observation', '_count=2&_sort=_id')
    const rids = growing.all(compileSearch(first, { visibility: EVERYTHING, columns: [] }).page).map((row) => Number(row['rid']))
    const start = nextPage(first, rids, SAMPLES.length)
    expect(start).toEqual({ by: 'offset', offset: 2, upTo: SAMPLES.length })
    growing.db.exec("INSERT INTO resource (rid, type, id, version, current, deleted, last_updated_ms) VALUES (1000, 'Observation', 'a', '1', 1, 0, 0)")
    const second = { ...first, start: start ?? first.start }
    const found = growing.all(compileSearch(second, { visibility: EVERYTHING, columns: [] }).page)
    expect(found.map((row) => row['id'])).toEqual(['ob2', 'ob3', 'ob4'])
    expect(
      nextPage(
        second,
        found.map((row) => Number(row['rid'])),
        1000,
      ),
    ).toEqual({ by: 'offset', offset: 4, upTo: SAMPLES.length })
    expect(nextPage(second, [1, 2], 1000)).toBeUndefined()
  })

  it('does not find superseded or deleted rows', () => {
    const changed = new IndexStore(SAMPLES)
    changed.db.exec("UPDATE resource SET current = 0 WHERE id = 'ob0'; UPDATE resource SET deleted = 1 WHERE id = 'ob1'")
    expect(ids(changed, 'Observation', 'status=final')).toEqual(['ob2', 'ob3'])
    expect(ids(changed, 'Observation', '')).toEqual(['ob2', 'ob3', 'ob4'])
    expect(ids(changed, 'Patient', '_has:Observation:patient:code=8867-4')).toEqual(['p2', 'p3'])
  })

  it('keeps text from a client out of the statement', () => {
    const evil = "x' OR 1=1 --"
    const { page } = compileSearch(
      parseSearch('Patient', [
        ['name', evil],
        ['identifier', `${evil}|${evil}`],
        ['_id', evil],
      ]),
      { visibility: EVERYTHING },
    )
    expect(page.sql).not.toContain('--')
    expect(store.all(page)).toEqual([])
  })

  it('refuses conditions that multiply to more than a statement may have', () => {
    const query = (values: number) => parseSearch('Observation', Array.from({ length: 10 }, (): [string, string] => ['code', Array.from({ length: values }, (_, n) => `c${n}`).join(',')]))
    expect(() => compileSearch(query(40), { visibility: EVERYTHING })).toThrow(expect.objectContaining({ code: 'ERR_FHIR_SEARCH_TOO_COSTLY' }))
    expect(store.all(compileSearch(query(4), { visibility: EVERYTHING }).page)).toEqual([])
  })
})

/** Fails at the first query answered otherwise than by the matcher; returns how many queries found something. */
function agreements(store: IndexStore, runs: number): number {
  let found = 0
  const visibility: Sql = { sql: 'r.rid % ? <> ?', params: [5, 0] }
  const visible = store.stored.filter((row) => row.rid % 5 !== 0)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
      const { type, text } = queryFor(store.stored, seed)
      const query = parseSearch(type, `${text}&_count=100000`, { maxCount: 100_000 })
      const { page, count } = compileSearch(query, { visibility, columns: [] })
      const expected = visible.filter((row) => row.type === type && referenceMatches(row, query.clauses, visible)).map((row) => row.rid)
      expect({
        query: `${type}?${text}`,
        ignored: query.ignored,
        rids: store.all(page).map((row) => row['rid']),
        total: store.all(count)[0]?.['total'],
      }).toEqual({
        query: `${type}?${text}`,
        ignored: [],
        rids: expected,
        total: expected.length,
      })
      if (expected.length > 0) found++
    }),
    { numRuns: runs },
  )
  return found
}

describe('compileSearch against a reference matcher', () => {
  it('agrees on invented resources', () => {
    useDefinitions()
    expect(agreements(new IndexStore(SAMPLES), 400)).toBeGreaterThan(200)
  })

  it.skipIf(!hasShared)(
    `agrees on Synthea resources${needsShared}`,
    () => {
      useDefinitions()
      expect(agreements(new IndexStore(syntheaResources(4)), 150)).toBeGreaterThan(75)
    },
    60_000,
  )
})

import { beforeAll, describe, expect, it } from 'vitest'
import { useDefinitions } from '../../test/support.ts'
import { FhirError } from '../errors.ts'
import type { FhirErrorCode } from '../errors.ts'
import { formatCursor } from './cursor.ts'
import type { CursorCodec } from './cursor.ts'
import { parseSearch } from './parse.ts'
import type { SearchOptions } from './parse.ts'

beforeAll(useDefinitions)

function failure(type: string, text: string, options?: SearchOptions): FhirError {
  try {
    parseSearch(type, text, options)
  } catch (error) {
    if (error instanceof FhirError) return error
    throw error
  }
  throw new TypeError('expected a failure')
}

describe('parseSearch', () => {
  it('reads result parameters', () => {
    const query = parseSearch('Observation', '_count=7&_sort=-date,code&_total=accurate&_elements=status,code&_summary=data&status=final&_format=json')
    expect(query).toMatchObject({ count: 7, total: 'accurate', elements: ['status', 'code'], summary: 'data', start: { by: 'offset', offset: 0 } })
    expect(query.sort.map((key) => [key.param, key.by, key.descending])).toEqual([
      ['date', 'date', true],
      ['code', 'token', false],
    ])
    expect(query.applied.map(([name]) => name)).toEqual(['_count', '_sort', '_total', '_elements', '_summary', 'status'])
    expect(parseSearch('Observation', '_summary=count').count).toBe(0)
    expect(parseSearch('Observation', '_count=999999').count).toBe(1000)
  })

  it('ignores and reports unknown parameters, and refuses them when strict', () => {
    const query = parseSearch('Patient', 'colour=red&name=a&near=1|2&_text=x&_filter=y')
    expect(query.clauses).toHaveLength(1)
    expect(query.ignored.map((issue) => issue.expression)).toEqual([['colour'], ['near'], ['_text'], ['_filter']])
    expect(query.applied).toEqual([['name', 'a']])
    expect(failure('Patient', 'colour=red', { handling: 'strict' })).toMatchObject({
      code: 'ERR_FHIR_SEARCH_PARAMETER_UNKNOWN',
      context: { parameter: 'colour' },
    })
    expect(failure('Observation', 'code-value-quantity=a$1', { handling: 'strict' }).code).toBe('ERR_FHIR_SEARCH_PARAMETER_UNSUPPORTED')
  })

  it.each<[string, string, FhirErrorCode]>([
    ['Patient', 'birthdate=yesterday', 'ERR_FHIR_SEARCH_VALUE_INVALID'],
    ['Patient', 'birthdate=xx2020', 'ERR_FHIR_SEARCH_VALUE_INVALID'],
    ['Observation', 'value-quantity=abc', 'ERR_FHIR_SEARCH_VALUE_INVALID'],
    ['Observation', 'value-quantity=5|mg', 'ERR_FHIR_SEARCH_VALUE_INVALID'],
    ['Observation', 'subject=a/b/c', 'ERR_FHIR_SEARCH_VALUE_INVALID'],
    ['Observation', 'code=|', 'ERR_FHIR_SEARCH_VALUE_INVALID'],
    ['Patient', 'name:missing=perhaps', 'ERR_FHIR_SEARCH_VALUE_INVALID'],
    ['Patient', '_count=-1', 'ERR_FHIR_SEARCH_VALUE_INVALID'],
    ['Patient', '_total=all', 'ERR_FHIR_SEARCH_VALUE_INVALID'],
    ['Patient', '_include=Patient', 'ERR_FHIR_SEARCH_VALUE_INVALID'],
    ['Observation', 'code:in=http://x', 'ERR_FHIR_SEARCH_MODIFIER_UNSUPPORTED'],
    ['Observation', 'date:exact=2020', 'ERR_FHIR_SEARCH_MODIFIER_UNSUPPORTED'],
    ['Observation', 'subject:Claim=1', 'ERR_FHIR_SEARCH_MODIFIER_UNSUPPORTED'],
    ['Observation', 'subject:Claim.status=active', 'ERR_FHIR_SEARCH_MODIFIER_UNSUPPORTED'],
    ['Patient', `_id=${'a,'.repeat(201)}`, 'ERR_FHIR_SEARCH_TOO_COSTLY'],
    ['Patient', 'link.link.link.link.link.name=a', 'ERR_FHIR_SEARCH_TOO_COSTLY'],
    ['Observation', `code=${'a,'.repeat(200)}&status=${'a,'.repeat(200)}&_id=a`, 'ERR_FHIR_SEARCH_TOO_COSTLY'],
    ['Observation', `subject:Patient.name=${'a,'.repeat(200)}&_has:Observation:has-member:code=${'a,'.repeat(200)}&_lastUpdated=gt2020`, 'ERR_FHIR_SEARCH_TOO_COSTLY'],
    ['Foo', '', 'ERR_FHIR_TYPE_UNKNOWN'],
    ['Patient', '_cursor=abc', 'ERR_FHIR_SEARCH_CURSOR_INVALID'],
  ])('refuses %s?%s', (type, text, code) => {
    const codec: CursorCodec = { seal: (plain) => plain, open: () => undefined }
    expect(failure(type, text, { cursors: codec }).code).toBe(code)
  })

  it('ignores a parameter without a value', () => {
    expect(parseSearch('Patient', 'name=&birthdate=').clauses).toEqual([])
  })

  it('splits alternatives at commas that are not escaped', () => {
    const [clause] = parseSearch('Observation', [['code', 'a\\,b,c\\|d|e\\$f']]).clauses
    expect(clause).toMatchObject({ values: [{ code: 'a,b' }, { system: 'c|d', code: 'e$f' }] })
  })

  it('takes references below our base as local, others as they are', () => {
    const values = (text: string): unknown => {
      const [clause] = parseSearch('Observation', [['subject', text]], { base: 'https://a.org/fhir' }).clauses
      return clause?.op === 'match' ? clause.values[0] : undefined
    }
    expect(values('https://a.org/fhir/Patient/1/_history/2')).toEqual({ kind: 'reference', type: 'Patient', id: '1' })
    expect(values('https://b.org/fhir/Patient/1')).toEqual({ kind: 'reference', type: '', id: 'https://b.org/fhir/Patient/1' })
  })

  it('reads a plus sign that arrived as a space', () => {
    expect(parseSearch('Observation', 'date=2020-01-01T00:00:00+02:00').clauses[0]).toMatchObject({ values: [{ lowMs: Date.parse('2019-12-31T22:00:00Z') }] })
  })

  it('widens ap by a tenth of the distance to now', () => {
    const nowMs = Date.parse('2021-01-01T00:00:00Z')
    const [clause] = parseSearch('Observation', 'date=ap2020-12-22', { nowMs }).clauses
    expect(clause).toMatchObject({ values: [{ lowMs: Date.parse('2020-12-21T00:00:00Z'), highMs: Date.parse('2020-12-23T23:59:59.999Z') }] })
  })

  it('reads includes', () => {
    const query = parseSearch(
      'Encounter',
      '_include=Encounter:patient&_include:iterate=Patient:organization&_revinclude=Observation:encounter&_include=Encounter:*:Location',
    )
    expect(query.includes.map((include) => [include.reverse, include.iterate, include.paramIds.length > 1, include.targetType])).toEqual([
      [false, false, false, undefined],
      [false, true, false, undefined],
      [true, false, false, 'Encounter'],
      [false, false, true, 'Location'],
    ])
  })

  it('reads back only cursors that its codec opens', () => {
    const codec: CursorCodec = { seal: (plain) => `s${plain}`, open: (sealed) => (sealed.startsWith('s') ? sealed.slice(1) : undefined) }
    for (const start of [
      { by: 'row', afterRid: 5 },
      { by: 'offset', offset: 20, upTo: 9 },
    ] as const) {
      expect(parseSearch('Patient', [['_cursor', formatCursor(start, codec)]], { cursors: codec }).start).toEqual(start)
    }
    for (const bad of ['s{"a":-1}', 's{"a":1.5}', 's[]', 's', '{"a":1}'])
      expect(() => parseSearch('Patient', [['_cursor', bad]], { cursors: codec })).toThrow(FhirError)
  })

  it('names parameters in errors, never values, and no parameter that is not a name', () => {
    const secret = 'Zebediah'
    for (const text of [`birthdate=${secret}`, `code:in=${secret}`, `subject=${secret}/1`])
      expect(failure('Observation', text.replace('birthdate', 'date')).message).not.toContain(secret)
    expect(failure('Patient', `${secret} is ill=1`, { handling: 'strict' }).message).not.toContain(secret)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer, Client, Resource } from './client.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { LOINC, observation, patient, practitioner, UCUM } from './resources.ts'

let started: TestNode
let hospital: Client
let amara: string
let bruno: string
let doctor: string

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  const create = async (resource: { resourceType: string }): Promise<string> => (await hospital.create(resource)).expect(201).resource.id
  doctor = await create(practitioner({ identifier: [{ system: 'https://example.org/npi', value: 'N-1' }] }))
  amara = await create(patient({ generalPractitioner: [{ reference: `Practitioner/${doctor}` }] }))
  bruno = await create(patient({ name: [{ family: 'Öztürk', given: ['Bruno'] }], gender: 'male', birthDate: '1951-11', identifier: [{ system: 'urn:mrn', value: 'B-2' }] }))
  const entry = Array.from({ length: 23 }, (_, index) => ({
    resource: observation(index < 20 ? amara : bruno, index % 2 === 0 ? 'laboratory' : 'vital-signs', {
      effectiveDateTime: `2026-0${1 + (index % 6)}-1${index % 10}`,
      valueQuantity: { value: index / 2, unit: 'g/dL', system: UCUM, code: 'g/dL' },
      performer: [{ reference: `Practitioner/${doctor}` }],
      code: { coding: [{ system: LOINC, code: index % 2 === 0 ? '718-7' : '8867-4' }] },
    }),
    request: { method: 'POST', url: 'Observation' },
  }))
  ;(await hospital.post('fhir', { resourceType: 'Bundle', type: 'transaction', entry })).expect(200)
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

const search = async (query: string): Promise<Answer> => (await hospital.get(query)).expect(200)
const ids = (resources: readonly Resource[]): string[] => resources.map((resource) => resource.id)

async function allPages(query: string): Promise<Resource[]> {
  const found: Resource[] = []
  for (let next: string | undefined = query, pages = 0; next !== undefined && pages < 50; pages++) {
    const page = (await hospital.get(next)).expect(200)
    found.push(...page.matches())
    next = page.link('next')?.replace(`${hospital.base}/fhir/`, '')
  }
  return found
}

describe('search', () => {
  it.each([
    ['token with a system', 'Observation?code=http://loinc.org|718-7', 12],
    ['token by code alone', 'Observation?code=8867-4', 11],
    ['token of another system', 'Observation?code=http://snomed.info/sct|718-7', 0],
    ['alternatives', 'Observation?code=718-7,8867-4', 23],
    ['two conditions', 'Observation?code=718-7&category=vital-signs', 0],
    ['negated token', 'Observation?category:not=laboratory', 11],
    ['day', 'Observation?date=2026-01-10', 1],
    ['month', 'Observation?date=2026-02', 4],
    ['after', 'Observation?date=gt2026-05-31', 3],
    ['range', 'Observation?date=ge2026-02-01&date=lt2026-03-01', 4],
    ['quantity, by the precision it is written with', 'Observation?value-quantity=5.0|http://unitsofmeasure.org|g/dL', 1],
    ['quantity above', 'Observation?value-quantity=gt10', 2],
    ['quantity in another unit', 'Observation?value-quantity=gt10|http://unitsofmeasure.org|mg/dL', 0],
    ['string prefix without accents', 'Patient?family=ozt', 1],
    ['exact string', 'Patient?family:exact=ozturk', 0],
    ['string inside', 'Patient?name:contains=kaf', 1],
    ['partial date', 'Patient?birthdate=1951', 1],
    ['gender', 'Patient?gender=female', 1],
    ['identifier', 'Patient?identifier=urn:mrn|B-2', 1],
    ['chain', 'Observation?subject:Patient.family=okafor', 20],
    ['chain without type', 'Observation?patient.identifier=urn:mrn|B-2', 3],
    ['chain of two', 'Observation?subject:Patient.general-practitioner:Practitioner.identifier=N-1', 20],
    ['reverse chain', 'Patient?_has:Observation:patient:value-quantity=gt10', 1],
    ['missing', 'Patient?identifier:missing=true', 1],
    ['last updated', 'Observation?_lastUpdated=gt2020-01-01', 23],
    ['last updated before', 'Observation?_lastUpdated=lt2020-01-01', 0],
  ])('by %s', async (_name, query, expected) => {
    const found = await search(`${query}&_count=100`)
    expect(found.total).toBe(expected)
    expect(found.matches()).toHaveLength(expected)
    expect(found.json).toMatchObject({ resourceType: 'Bundle', type: 'searchset' })
  })

  it('by reference, in each form', async () => {
    for (const query of [`patient=${amara}`, `patient=Patient/${amara}`, `subject=Patient/${amara}`, `subject:Patient=${amara}`, `subject=${hospital.base}/fhir/Patient/${amara}`]) {
      expect((await search(`Observation?${query}`)).total).toBe(20)
    }
    expect((await search(`Observation?performer=Practitioner/${doctor}`)).total).toBe(23)
    expect((await search(`Observation?patient=${amara},${bruno}`)).total).toBe(23)
    expect((await search(`Patient?_id=${amara},${bruno}`)).total).toBe(2)
    expect((await search(`Patient?_id=${amara}&gender=male`)).total).toBe(0)
  })

  it('by POST, with parameters in body and address', async () => {
    const form = async (path: string, body: string): Promise<Answer> => await hospital.send('POST', `fhir/${path}`, body, { 'content-type': 'application/x-www-form-urlencoded' })
    expect((await form('Observation/_search', `patient=${bruno}`)).expect(200).total).toBe(3)
    expect((await form('Observation/_search?code=718-7', `patient=${bruno}&_count=1`)).expect(200).matches()).toHaveLength(1)
    expect((await form('Patient/_search', '')).expect(200).total).toBe(2)
  })
})

describe('order, pages and totals', () => {
  it('go through every page once', async () => {
    for (const query of ['Observation?_count=4', 'Observation?_count=4&_sort=date', 'Observation?_count=5&_sort=-_lastUpdated', 'Observation?_count=6&_sort=-value-quantity,date', `Observation?_count=7&patient=${amara}`]) {
      const total = (await search(query)).total
      const found = ids(await allPages(query))
      expect(found).toHaveLength(total)
      expect(new Set(found).size).toBe(total)
    }
  })

  it('sort', async () => {
    const dates = (await allPages('Observation?_count=9&_sort=-date')).map((resource) => String(resource['effectiveDateTime']))
    expect(dates).toEqual([...dates].sort().reverse())
    const values = (await allPages('Observation?_count=9&_sort=value-quantity')).map((resource) => (resource['valueQuantity'] as { value: number }).value)
    expect(values).toEqual([...values].sort((a, b) => a - b))
    expect(ids((await search('Patient?_sort=birthdate')).matches())).toEqual([bruno, amara])
    const sorted = ids((await search('Patient?_sort=_id')).matches())
    expect(sorted).toEqual([...sorted].sort())
  })

  it('count, or leave it', async () => {
    expect((await search('Observation?_total=none&_count=2')).json['total']).toBeUndefined()
    expect((await search('Observation?_total=accurate&_count=2')).total).toBe(23)
    for (const query of ['Observation?_summary=count', 'Observation?_count=0']) {
      const counted = await search(query)
      expect(counted.total).toBe(23)
      expect(counted.entries()).toEqual([])
      expect(counted.link('next')).toBeUndefined()
    }
  })

  it('stay true while records come and go between pages', async () => {
    const first = await search('Observation?_count=10')
    const [gone] = (await search('Observation?_count=100')).matches().slice(-1)
    ;(await hospital.delete(`Observation/${gone?.id}`)).expect(204)
    const created = (await hospital.create(observation(bruno, 'laboratory', { valueQuantity: { value: 11, unit: 'g/dL', system: UCUM, code: 'g/dL' }, performer: [{ reference: `Practitioner/${doctor}` }] }))).expect(201)
    const rest = await allPages((first.link('next') as string).replace(`${hospital.base}/fhir/`, ''))
    const found = [...ids(first.matches()), ...ids(rest)]
    expect(new Set(found).size).toBe(found.length)
    expect(found).not.toContain(gone?.id)
    expect(found.slice(0, 22)).toHaveLength(22)
    ;(await hospital.delete(`Observation/${created.resource.id}`)).expect(204)
  })

  it('do not accept a cursor that was not made here', async () => {
    const cursor = new URL((await search('Observation?_count=2')).link('next') as string).searchParams.get('_cursor') as string
    ;(await hospital.get(`Observation?_cursor=${cursor.slice(0, -2)}AA`)).expect(400)
    ;(await hospital.get('Observation?_cursor=abc')).expect(400)
    ;(await hospital.get(`Patient/${amara}/$everything?_cursor=${cursor}`)).expect(400)
    const page = new URL((await hospital.get(`Patient/${amara}/$everything?_count=2`)).expect(200).link('next') as string).searchParams.get('_cursor') as string
    ;(await hospital.get(`Observation?_cursor=${page}`)).expect(400)
  })

  it('lower a page size that is too large', async () => {
    expect((await search('Observation?_count=999999')).matches().length).toBeLessThanOrEqual(1000)
  })
})

describe('includes', () => {
  it('follow references forward', async () => {
    const found = await search(`Observation?patient=${amara}&_count=3&_include=Observation:subject&_include=Observation:performer`)
    expect(found.matches()).toHaveLength(3)
    expect(ids(found.included()).sort()).toEqual([amara, doctor].sort())
    expect(found.total).toBe(20)
  })

  it('follow references backward, and further', async () => {
    const back = await search(`Patient?_id=${bruno}&_revinclude=Observation:subject`)
    expect(back.matches()).toHaveLength(1)
    expect(back.included().every((resource) => resource.resourceType === 'Observation')).toBe(true)
    const further = await search(`Observation?patient=${amara}&_count=1&_include=Observation:subject&_include:iterate=Patient:general-practitioner`)
    expect(ids(further.included()).sort()).toEqual([amara, doctor].sort())
    expect((await search(`Observation?patient=${amara}&_count=1&_include=*`)).included().length).toBe(2)
  })
})

describe('parts of resources', () => {
  it('are marked as such', async () => {
    const [short] = (await search(`Patient?_id=${amara}&_elements=gender`)).matches()
    expect(Object.keys(short ?? {}).sort()).toEqual(['gender', 'id', 'meta', 'resourceType'])
    expect(short?.meta.tag?.map(({ code }) => code)).toEqual(['SUBSETTED'])
  })
})

describe('$everything', () => {
  it('pages through the chart, the Patient first', async () => {
    const whole = (await hospital.get(`Patient/${amara}/$everything`)).expect(200).matches()
    expect(whole[0]?.id).toBe(amara)
    const paged = await allPages(`Patient/${amara}/$everything?_count=6`)
    expect(ids(paged)).toEqual(ids(whole))
    expect(new Set(ids(whole)).size).toBe(whole.length)
    expect(ids(whole)).not.toContain(bruno)
  })

  it('keeps to types and time', async () => {
    const types = (await hospital.get(`Patient/${amara}/$everything?_type=Observation`)).expect(200).matches()
    expect(new Set(types.map((resource) => resource.resourceType))).toEqual(new Set(['Observation']))
    expect((await hospital.get(`Patient/${amara}/$everything?_since=2100-01-01T00:00:00Z&_type=Observation`)).expect(200).matches()).toEqual([])
    ;(await hospital.get(`Patient/${amara}/$everything?_since=yesterday`)).expect(400)
    ;(await hospital.get(`Patient/${amara}/$everything?_count=-1`)).expect(400)
    ;(await hospital.get(`Patient/${amara}/$everything?nonsense=1`)).expect(400)
  })
})

describe('parameters that cannot be used', () => {
  it('are named in an outcome, or refused when the client wants it strict', async () => {
    const lenient = await search('Observation?nonsense=1&code=718-7&_count=1')
    expect(lenient.total).toBe((await search('Observation?code=718-7')).total)
    const outcome = lenient.entries().find((entry) => entry.search?.mode === 'outcome')?.resource as unknown as { issue: { expression: string[] }[] }
    expect(outcome.issue[0]?.expression).toEqual(['nonsense'])
    expect(lenient.link('self')).not.toContain('nonsense')
    const strict = (await hospital.get('Observation?nonsense=1&code=718-7', { prefer: 'handling=strict' })).expect(400)
    expect(strict.expressions()).toEqual(['nonsense'])
  })

  it.each([
    'date=yesterday', 'date=2026-13-01', 'value-quantity=much', '_lastUpdated=now', '_count=many', '_count=-1', '_sort=nonsense', '_include=Observation', '_include=Observation:nonsense',
    '_total=some', '_summary=everything', 'code:nonsense=1', 'patient:missing=maybe', '_has:Observation=1', 'subject:Nonsense.name=x', 'code=%00', 'subject:Patient.name=a%00b', 'value-quantity=5|%00|g',
  ])('refuses %s', async (query) => {
    const answer = await hospital.get(`Observation?${query}`, { prefer: 'handling=strict' })
    answer.expect(400)
    expect(answer.outcome.issue[0]?.severity).toBe('error')
  })
})

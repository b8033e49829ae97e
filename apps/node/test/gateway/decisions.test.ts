import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, type Answer, type Client, type Resource } from './client.ts'
import { contestTreatment, grant, grantObliged, HOUR, organisation, person, recordOf, registerTreatment, revoke } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { condition, labelled, observation, patient } from './resources.ts'

let started: TestNode
let hospital: Client
let nurse: Client
let clinic: Client
let clinicNurse: Client

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  nurse = await started.as('riverside', 'nurse')
  clinic = await started.as('lakeside', 'physician')
  clinicNurse = await started.as('lakeside', 'nurse')
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

interface Chart {
  readonly id: string
  readonly laboratory: readonly Resource[]
  readonly vitals: readonly Resource[]
  readonly conditions: readonly Resource[]
}

/** A patient with three laboratory results, two vital signs and one condition, written by the hospital. */
async function newChart(): Promise<Chart> {
  const { id } = (await hospital.create(patient())).expect(201).resource
  const create = async (resource: { resourceType: string }): Promise<Resource> => (await hospital.create(resource)).expect(201).resource
  const laboratory = await Promise.all([1, 2, 3].map(async () => await create(observation(id, 'laboratory'))))
  const vitals = await Promise.all([1, 2].map(async () => await create(observation(id, 'vital-signs'))))
  return { id, laboratory, vitals, conditions: [await create(condition(id))] }
}

const total = async (client: Client, query: string): Promise<number> => (await client.get(query)).expect(200).total

const idsIn = (bundle: Answer): string[] => bundle.entries().map((entry) => entry.resource?.id ?? '')

/** Every way to see a resource says that it is not there. */
async function expectHidden(client: Client, chart: Chart, hidden: Resource): Promise<void> {
  const type = hidden.resourceType
  for (const suffix of ['', '/_history', '/_history/1']) (await client.get(`${type}/${hidden.id}${suffix}`)).expect(404)
  for (const query of [`${type}?patient=${chart.id}`, `${type}?_id=${hidden.id}`, type]) {
    const found = (await client.get(`${query}${query.includes('?') ? '&' : '?'}_count=1000`)).expect(200)
    expect(idsIn(found)).not.toContain(hidden.id)
    expect(found.total).toBe(found.matches().length)
  }
  expect(idsIn((await client.get(`Patient/${chart.id}/$everything?_count=1000`)).expect(200))).not.toContain(hidden.id)
  expect(idsIn((await client.get(`Patient?_id=${chart.id}&_revinclude=${type}:subject`)).expect(200))).not.toContain(hidden.id)
}

describe('grants', () => {
  it('for a person do not reach a colleague', async () => {
    const { id } = await newChart()
    await grant(started, id, { to: person(started, 'lakeside', 'physician'), categories: ['laboratory'] })
    expect(await total(clinic, `Observation?patient=${id}`)).toBe(3)
    ;(await clinicNurse.get(`Observation?patient=${id}`)).expect(403)
    expect(await total(clinicNurse, 'Observation')).toBe(0)
  })

  it('for a role reach those who have it, wherever they work', async () => {
    const { id, laboratory } = await newChart()
    await grant(started, id, { to: { kind: 'role', role: 'nurse' }, categories: ['laboratory'] })
    expect(await total(clinicNurse, `Observation?patient=${id}`)).toBe(laboratory.length)
    ;(await clinic.get(`Observation?patient=${id}`)).expect(403)
  })

  it('for a purpose are refused to another', async () => {
    const { id } = await newChart()
    await grant(started, id, { to: organisation(started, 'lakeside'), purposes: ['HPAYMT'] })
    ;(await clinic.get(`Patient/${id}`)).expect(403)
    ;(await (await started.as('lakeside', 'physician', { purpose: 'HPAYMT' })).get(`Patient/${id}`)).expect(200)
  })

  it('for a single record show it and who it is about', async () => {
    const { id, laboratory } = await newChart()
    const [one] = laboratory
    await grant(started, id, { to: organisation(started, 'lakeside'), records: [recordOf(started, 'Observation', one?.id ?? '')] })
    expect((await clinic.get(`Observation?patient=${id}`)).expect(200).matches().map((resource) => resource.id)).toEqual([one?.id])
    expect((await clinic.get(`Patient/${id}`)).expect(200).text).not.toContain('telecom')
  })

  it('of everything show the whole Patient', async () => {
    const { id } = await newChart()
    const rule = await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
    expect((await clinic.get(`Patient/${id}`)).expect(200).resource.meta.tag).toBeDefined()
    await grant(started, id, { to: organisation(started, 'lakeside') })
    expect((await clinic.get(`Patient/${id}`)).expect(200).resource.meta.tag).toBeUndefined()
    expect(await total(clinic, `Observation?patient=${id}`)).toBe(5)
    await revoke(started, id, rule)
    expect(await total(clinic, `Observation?patient=${id}`)).toBe(5)
  })

  it('do not let a search feel for what they leave out', async () => {
    const { id } = (await hospital.create(patient({ address: [{ city: 'Bergen' }] }))).expect(201).resource
    await hospital.create(observation(id, 'laboratory'))
    await hospital.create(observation(id, 'vital-signs', { valueQuantity: { value: 180 } }))
    await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
    expect(await total(clinic, `Patient?_id=${id}&_has:Observation:patient:category=laboratory`)).toBe(1)
    expect(await total(clinic, `Patient?_id=${id}&_has:Observation:patient:category=vital-signs`)).toBe(0)
    expect(await total(clinic, `Patient?_id=${id}&_has:Observation:patient:value-quantity=180`)).toBe(0)
    expect(await total(clinic, `Patient?_id=${id}&address-city=Bergen`)).toBe(0)
    expect(await total(clinic, `Observation?patient=${id}&patient.address-city=Bergen`)).toBe(0)
    expect(await total(clinic, `Observation?patient=${id}&patient.family=Okafor`)).toBe(1)
    expect(await total(clinic, `Observation?patient=${id}&value-quantity=180`)).toBe(0)
    expect(await total(hospital, `Observation?patient=${id}&patient.address-city=Bergen`)).toBe(2)
  })

  it('that end one after the other take their records with them', async () => {
    const { id } = await newChart()
    await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['laboratory'], forMs: 30_000 })
    await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['vital-signs'], forMs: HOUR })
    expect(await total(clinic, `Observation?patient=${id}`)).toBe(5)
    started.setClockAhead(31_000)
    try {
      expect(await total(clinic, `Observation?patient=${id}`)).toBe(2)
      expect((await clinic.get(`Observation?patient=${id}`)).matches()).toHaveLength(2)
      expect(await total(clinic, 'Observation?_summary=count')).toBeGreaterThanOrEqual(2)
    } finally {
      started.setClockAhead(0)
    }
  })
})

describe('denials', () => {
  it("of a person narrow what the author's own reader sees", async () => {
    const chart = await newChart()
    const [vital] = chart.vitals
    const rule = await grant(started, chart.id, { effect: 'deny', to: person(started, 'riverside', 'nurse'), categories: ['vital-signs'] })
    for (const hidden of chart.vitals) await expectHidden(nurse, chart, hidden)
    expect(await total(nurse, `Observation?patient=${chart.id}`)).toBe(3)
    ;(await hospital.get(`Observation/${vital?.id}`)).expect(200)
    const later = (await hospital.create(observation(chart.id, 'vital-signs'))).expect(201).resource
    await expectHidden(nurse, chart, later)
    await revoke(started, chart.id, rule)
    expect(await total(nurse, `Observation?patient=${chart.id}`)).toBe(6)
  })

  it('of a person for everything close the chart', async () => {
    const { id, laboratory } = await newChart()
    await grant(started, id, { effect: 'deny', to: person(started, 'riverside', 'nurse'), actions: ['read', 'write'] })
    ;(await nurse.get(`Patient/${id}`)).expect(403)
    ;(await nurse.get(`Observation?patient=${id}`)).expect(403)
    ;(await nurse.get(`Observation/${laboratory[0]?.id}`)).expect(404)
    expect((await nurse.get('Patient?_count=1000')).expect(200).text).not.toContain(id)
    ;(await nurse.create(observation(id, 'laboratory'))).expect(403)
    ;(await hospital.get(`Patient/${id}`)).expect(200)
  })

  it("of the author as a whole do not take its own records away", async () => {
    const { id } = await newChart()
    await grant(started, id, { effect: 'deny', to: organisation(started, 'riverside') })
    expect(await total(hospital, `Observation?patient=${id}`)).toBe(5)
  })

  it('beat a permit, whichever is newer', async () => {
    const chart = await newChart()
    await grant(started, chart.id, { effect: 'deny', to: organisation(started, 'lakeside'), categories: ['vital-signs'] })
    await grant(started, chart.id, { to: organisation(started, 'lakeside') })
    expect(await total(clinic, `Observation?patient=${chart.id}`)).toBe(3)
    for (const hidden of chart.vitals) await expectHidden(clinic, chart, hidden)
    await grant(started, chart.id, { effect: 'deny', to: organisation(started, 'lakeside'), categories: ['laboratory'] })
    expect(await total(clinic, `Observation?patient=${chart.id}`)).toBe(0)
    expect(await total(clinic, `Condition?patient=${chart.id}`)).toBe(1)
  })

  it('give way to a narrower permit that names them', async () => {
    const chart = await newChart()
    const denial = await grant(started, chart.id, { effect: 'deny', to: organisation(started, 'lakeside'), categories: ['vital-signs', 'laboratory'] })
    await grant(started, chart.id, { to: person(started, 'lakeside', 'physician'), categories: ['laboratory'] })
    expect(await total(clinic, `Observation?patient=${chart.id}`)).toBe(0)
    await grant(started, chart.id, { to: person(started, 'lakeside', 'physician'), categories: ['laboratory'], overrides: denial })
    expect(await total(clinic, `Observation?patient=${chart.id}`)).toBe(3)
    ;(await clinicNurse.get(`Observation?patient=${chart.id}`)).expect(403)
  })
})

describe('sensitivity labels', () => {
  it('hide a record from a rule that does not name them', async () => {
    const chart = await newChart()
    const hiv = (await hospital.create(observation(chart.id, 'laboratory', labelled('HIV')))).expect(201).resource
    const both = (await hospital.create(observation(chart.id, 'laboratory', labelled('HIV', 'PSY')))).expect(201).resource
    await grant(started, chart.id, { to: organisation(started, 'lakeside') })
    expect(await total(clinic, `Observation?patient=${chart.id}`)).toBe(5)
    await expectHidden(clinic, chart, hiv)
    await expectHidden(clinic, chart, both)
    await grant(started, chart.id, { to: organisation(started, 'lakeside'), categories: ['laboratory'], labels: ['hiv'] })
    ;(await clinic.get(`Observation/${hiv.id}`)).expect(200)
    await expectHidden(clinic, chart, both)
    await grant(started, chart.id, { to: organisation(started, 'lakeside'), labels: ['hiv', 'mental-health'] })
    expect(await total(clinic, `Observation?patient=${chart.id}`)).toBe(7)
    ;(await hospital.get(`Observation/${both.id}`)).expect(200)
  })

  it('stay when a later version leaves them out', async () => {
    const chart = await newChart()
    const first = (await hospital.create(observation(chart.id, 'laboratory', labelled('HIV')))).expect(201).resource
    ;(await hospital.put({ ...observation(chart.id, 'laboratory'), id: first.id })).expect(200)
    await grant(started, chart.id, { to: organisation(started, 'lakeside') })
    await expectHidden(clinic, chart, first)
  })

  it('pass to what refers to a labelled record', async () => {
    const chart = await newChart()
    const diagnosis = (await hospital.create(condition(chart.id, labelled('SUD')))).expect(201).resource
    const derived = observation(chart.id, 'laboratory', { hasMember: [{ reference: `Observation/${chart.laboratory[0]?.id}` }], focus: [{ reference: `Condition/${diagnosis.id}` }] })
    const single = (await hospital.create(derived)).expect(201).resource
    const inBundle = (await hospital.post('fhir', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        { fullUrl: 'urn:uuid:11111111-1111-4111-8111-111111111111', resource: observation(chart.id, 'laboratory', { focus: [{ reference: 'urn:uuid:22222222-2222-4222-8222-222222222222' }] }), request: { method: 'POST', url: 'Observation' } },
        { fullUrl: 'urn:uuid:22222222-2222-4222-8222-222222222222', resource: condition(chart.id, labelled('SUD')), request: { method: 'POST', url: 'Condition' } },
      ],
    })).expect(200).entries()
    await grant(started, chart.id, { to: organisation(started, 'lakeside') })
    await expectHidden(clinic, chart, single)
    for (const entry of inBundle) {
      const [type, id] = (entry.response?.location ?? '').split('/')
      await expectHidden(clinic, chart, { resourceType: type, id } as unknown as Resource)
    }
    expect(await total(clinic, `Observation?patient=${chart.id}`)).toBe(5)
  })
})

describe('obligations', () => {
  it('that the gateway does not meet hide what they are about, and nothing else', async () => {
    const chart = await newChart()
    await grant(started, chart.id, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
    await grantObliged(started, chart.id, organisation(started, 'lakeside'), 'vital-signs', ['REDACT'])
    expect(await total(clinic, `Observation?patient=${chart.id}`)).toBe(chart.laboratory.length)
    for (const vital of chart.vitals) await expectHidden(clinic, chart, vital)
  })
})

describe('what a reader must be told', () => {
  const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
  const codesOf = (resource: Resource): unknown[] => ((resource.meta as { security?: { system?: string; code?: string }[] }).security ?? []).filter(({ system }) => system === ACT_CODE).map(({ code }) => code)

  it('stands with the resource: codes that bind whoever receives it, on every way out', async () => {
    const chart = await newChart()
    await grantObliged(started, chart.id, organisation(started, 'lakeside'), 'vital-signs', ['NORDSCLW', 'AUDIT'])
    const [vital] = chart.vitals
    expect(codesOf((await clinic.get(`Observation/${vital?.id}`)).expect(200).resource)).toEqual(['NORDSCLW'])
    for (const found of (await clinic.get(`Observation?patient=${chart.id}`)).expect(200).matches()) expect(codesOf(found)).toEqual(['NORDSCLW'])
    expect(codesOf((await hospital.get(`Observation/${vital?.id}`)).expect(200).resource)).toEqual([])
  })

  it('goes with records about substance use to whoever did not write them', async () => {
    const chart = await newChart()
    const { resource } = (await hospital.create(observation(chart.id, 'laboratory', labelled('ETHUD')))).expect(201)
    await grant(started, chart.id, { to: organisation(started, 'lakeside'), labels: ['substance-use'] })
    const served = (await clinic.get(`Observation/${resource.id}`)).expect(200)
    expect(codesOf(served.resource)).toEqual(['ETHUD', '42CFRPart2', 'NORDSCLCD'])
    expect(served.text).toContain('42 CFR part 2 prohibits unauthorized use or disclosure of these records.')
    expect(codesOf((await clinic.get(`Observation/${chart.laboratory[0]?.id}`)).expect(200).resource)).toEqual([])
    expect((await hospital.get(`Observation/${resource.id}`)).expect(200).text).not.toContain('42 CFR')
    expect((await (await started.asPatient(chart.id)).get(`Observation/${resource.id}`)).expect(200).text).not.toContain('42 CFR')
  })
})

describe('permission to write', () => {
  it('rests on treating the patient until the patient contests it', async () => {
    const { id } = await newChart()
    await registerTreatment(started, id, 'lakeside')
    const { resource } = (await clinic.create(observation(id, 'laboratory'))).expect(201)
    ;(await clinic.put({ ...observation(id, 'laboratory'), id: resource.id })).expect(200)
    await contestTreatment(started, id, 'lakeside')
    ;(await clinic.create(observation(id, 'laboratory'))).expect(403)
    ;(await clinic.get(`Observation/${resource.id}`)).expect(200)
  })

  it('lets another organisation continue a record, whose first author reads on, in its newest version', async () => {
    const chart = await newChart()
    const [one] = chart.laboratory
    await grant(started, chart.id, { to: organisation(started, 'lakeside'), categories: ['laboratory'], actions: ['read', 'write'] })
    ;(await clinic.get(`Observation/${one?.id}`)).expect(200)
    const amended = (await clinic.put({ ...observation(chart.id, 'laboratory', { status: 'amended' }), id: one?.id ?? '' }, { 'if-match': 'W/"1"' })).expect(200)
    expect(amended.resource.meta.versionId).toBe('2')
    expect((await clinic.get(`Observation/${one?.id}`)).expect(200).resource['status']).toBe('amended')
    await eventually(async () => (await hospital.get(`Observation/${one?.id}`)).resource?.['status']).toBe('amended')
    expect((await hospital.get(`Observation/${one?.id}/_history`)).expect(200).total).toBe(2)
    expect(await total(hospital, `Observation?patient=${chart.id}`)).toBe(5)
    const own = await started.asPatient(chart.id)
    expect((await own.get(`Observation/${one?.id}`)).expect(200).resource['status']).toBe('amended')
    expect(await total(own, 'Observation')).toBe(5)
    await grant(started, chart.id, { to: organisation(started, 'riverside') })
    expect((await hospital.get(`Observation/${one?.id}`)).expect(200).resource['status']).toBe('amended')
    expect((await hospital.get(`Observation/${one?.id}/_history`)).expect(200).total).toBe(2)
    expect(await total(hospital, `Observation?patient=${chart.id}`)).toBe(5)
    await started.gateway('riverside').rebuild()
    expect(await total(hospital, `Observation?patient=${chart.id}`)).toBe(5)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, type Client, type Resource } from './client.ts'
import { grant, organisation, person, revoke } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { observation, patient, practitioner } from './resources.ts'

let started: TestNode
let hospital: Client
let clinic: Client

beforeAll(async () => {
  started = await startTestNode({ keyholders: 4 })
  hospital = await started.as('riverside', 'physician')
  clinic = await started.as('lakeside', 'physician')
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

const create = async (client: Client, resource: { resourceType: string }): Promise<Resource> => (await client.create(resource)).expect(201).resource
const newPatient = async (): Promise<string> => (await create(hospital, patient())).id
const total = async (client: Client, query: string): Promise<number> => {
  const found = (await client.get(query)).expect(200)
  expect(found.matches()).toHaveLength(found.total)
  return found.total
}

describe('a record about two patients', () => {
  it('needs the permission of both, whichever is asked for', async () => {
    const [mother, child] = [await newPatient(), await newPatient()]
    const alone = await create(hospital, observation(mother, 'laboratory'))
    const both = await create(hospital, observation(mother, 'laboratory', { focus: [{ reference: `Patient/${child}` }] }))
    const first = await grant(started, mother, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
    expect(await total(clinic, `Observation?patient=${mother}`)).toBe(1)
    ;(await clinic.get(`Observation/${both.id}`)).expect(404)
    ;(await clinic.get(`Observation?patient=${child}`)).expect(403)
    const second = await grant(started, child, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
    expect(await total(clinic, `Observation?patient=${mother}`)).toBe(1)
    ;(await clinic.get(`Patient/${child}`)).expect(200)
    expect(await total(clinic, `Observation?patient=${mother}`)).toBe(2)
    expect(await total(clinic, `Observation?focus=Patient/${child}`)).toBe(1)
    expect(await total(clinic, `Observation?patient=${mother},${child}`)).toBe(2)
    ;(await clinic.get(`Observation/${both.id}`)).expect(200)
    expect((await clinic.get(`Patient/${child}/$everything`)).expect(200).text).toContain(both.id)
    await started.flush()
    for (const id of [mother, child]) expect(started.node.desk.audit(id).some((row) => row.organisation === 'lakeside' && row.what.includes('laboratory ('))).toBe(true)
    await revoke(started, child, second)
    expect(await total(clinic, `Observation?patient=${mother}`)).toBe(1)
    ;(await clinic.get(`Observation/${both.id}`)).expect(404)
    ;(await clinic.get(`Observation/${alone.id}`)).expect(200)
    await revoke(started, mother, first)
    ;(await clinic.get(`Observation?patient=${mother}`)).expect(403)
  })

  it('opens by its own address once both permit', async () => {
    const [mother, child] = [await newPatient(), await newPatient()]
    const both = await create(hospital, observation(mother, 'laboratory', { focus: [{ reference: `Patient/${child}` }] }))
    for (const id of [mother, child]) await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
    ;(await clinic.get(`Observation/${both.id}`)).expect(200)
    expect(await total(clinic, `Observation?patient=${mother}`)).toBe(1)
  })

  it('is not shown to one of them alone', async () => {
    const [mother, child] = [await newPatient(), await newPatient()]
    const both = await create(hospital, observation(mother, 'laboratory', { focus: [{ reference: `Patient/${child}` }] }))
    const own = await started.asPatient(child)
    expect(await total(own, 'Observation')).toBe(0)
    ;(await own.get(`Observation/${both.id}`)).expect(404)
  })

  it('is narrowed by either', async () => {
    const [mother, child] = [await newPatient(), await newPatient()]
    const both = await create(hospital, observation(mother, 'laboratory', { focus: [{ reference: `Patient/${child}` }] }))
    const nurse = await started.as('riverside', 'nurse')
    ;(await nurse.get(`Observation/${both.id}`)).expect(200)
    await grant(started, child, { effect: 'deny', to: person(started, 'riverside', 'nurse'), categories: ['laboratory'] })
    ;(await nurse.get(`Observation/${both.id}`)).expect(404)
    expect(await total(nurse, `Observation?patient=${mother}`)).toBe(0)
    ;(await hospital.get(`Observation/${both.id}`)).expect(200)
  })

  it('keeps whom it is about', async () => {
    const [mother, child] = [await newPatient(), await newPatient()]
    const one = await create(hospital, observation(mother, 'laboratory'))
    const moved = await hospital.put({ ...observation(child, 'laboratory'), id: one.id })
    expect([409, 422]).toContain(moved.status)
    expect((await hospital.get(`Observation/${one.id}`)).expect(200).resource['subject']).toEqual({ reference: `Patient/${mother}` })
    const many = await Promise.all(Array.from({ length: 5 }, newPatient))
    ;(await hospital.create(observation(mother, 'laboratory', { focus: many.map((id) => ({ reference: `Patient/${id}` })) }))).expect(422)
  })
})

describe('a Provenance', () => {
  const provenance = (targets: readonly string[]) => ({
    resourceType: 'Provenance',
    target: targets.map((reference) => ({ reference })),
    recorded: '2026-03-01T09:00:00Z',
    agent: [{ who: { display: 'Maja Lindqvist' } }],
  })

  it('goes with its targets', async () => {
    const id = await newPatient()
    const laboratory = await create(hospital, observation(id, 'laboratory'))
    const vital = await create(hospital, observation(id, 'vital-signs'))
    const target = (resource: Resource): string => `Observation/${resource.id}`
    const [ofLab, ofVital, ofBoth] = [
      await create(hospital, { ...provenance([target(laboratory), `Patient/${id}`]), target: [{ reference: target(laboratory) }], patient: undefined, entity: [{ role: 'source', what: { reference: `Patient/${id}` } }] } as never),
      await create(hospital, { ...provenance([target(vital)]), entity: [{ role: 'source', what: { reference: `Patient/${id}` } }] } as never),
      await create(hospital, { ...provenance([target(laboratory), target(vital)]), entity: [{ role: 'source', what: { reference: `Patient/${id}` } }] } as never),
    ]
    await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
    ;(await clinic.get(`Provenance/${ofLab?.id}`)).expect(200)
    ;(await clinic.get(`Provenance/${ofVital?.id}`)).expect(404)
    ;(await clinic.get(`Provenance/${ofBoth?.id}`)).expect(404)
    const found = (await clinic.get(`Observation?patient=${id}&_revinclude=Provenance:target`)).expect(200)
    expect(found.included().map((resource) => resource.id)).toEqual([ofLab?.id])
    await grant(started, id, { to: organisation(started, 'lakeside') })
    ;(await clinic.get(`Provenance/${ofBoth?.id}`)).expect(200)
  })

  it('that names no patient is still about those of its targets', async () => {
    const id = await newPatient()
    const vital = await create(hospital, observation(id, 'vital-signs'))
    const plain = await create(hospital, provenance([`Observation/${vital.id}`]))
    ;(await clinic.get(`Provenance/${plain.id}`)).expect(404)
    await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['vital-signs'] })
    ;(await clinic.get(`Provenance/${plain.id}`)).expect(200)
    const own = await started.asPatient(id)
    ;(await own.get(`Provenance/${plain.id}`)).expect(200)
  })
})

describe('what is about nobody', () => {
  it('is internal to its organisation', async () => {
    const id = await newPatient()
    await grant(started, id, { to: organisation(started, 'lakeside') })
    const slot = await create(hospital, { resourceType: 'Group', type: 'person', actual: false, name: 'Ward 4' } as never)
    ;(await hospital.get(`Group/${slot.id}`)).expect(200)
    ;(await clinic.get(`Group/${slot.id}`)).expect(404)
    expect(await total(clinic, 'Group')).toBe(0)
    expect(await total(hospital, 'Group')).toBe(1)
    ;(await clinic.delete(`Group/${slot.id}`)).expect(204)
    ;(await hospital.get(`Group/${slot.id}`)).expect(200)
    const own = await started.asPatient(id)
    ;(await own.get(`Group/${slot.id}`)).expect(404)
    expect(await total(own, 'Group')).toBe(0)
    await started.gateway('lakeside').rebuild()
    expect(await total(clinic, 'Group')).toBe(0)
  })

  it('becomes about patients when it names them', async () => {
    const [one, two] = [await newPatient(), await newPatient()]
    const group = await create(hospital, { resourceType: 'Group', type: 'person', actual: true, member: [one, two].map((id) => ({ entity: { reference: `Patient/${id}` } })) } as never)
    await grant(started, one, { to: organisation(started, 'lakeside') })
    ;(await clinic.get(`Group/${group.id}`)).expect(404)
    await grant(started, two, { to: organisation(started, 'lakeside') })
    ;(await clinic.get(`Group/${group.id}`)).expect(200)
  })
})

describe('the directory', () => {
  it('is read by all members, and written by its author', async () => {
    const doctor = await create(hospital, practitioner())
    const ward = await create(hospital, { resourceType: 'Location', name: 'Ward 4' } as never)
    const house = await create(hospital, { resourceType: 'Organization', name: 'Riverside Hospital' } as never)
    for (const { resourceType, id } of [doctor, ward, house]) {
      await eventually(async () => (await clinic.get(`${resourceType}/${id}`)).status).toBe(200)
      expect(await total(clinic, `${resourceType}?_id=${id}`)).toBe(1)
      const refused = await clinic.put({ resourceType, id, name: resourceType === 'Practitioner' ? [{ family: 'Nobody' }] : 'Nobody' } as never)
      expect(refused.status).toBe(403)
      ;(await clinic.delete(`${resourceType}/${id}`)).expect(403)
    }
    const visit = await create(clinic, patient({ generalPractitioner: [{ reference: `Practitioner/${doctor.id}` }] }))
    expect((await clinic.get(`Patient?_id=${visit.id}&_include=Patient:general-practitioner`)).expect(200).included().map(({ id }) => id)).toEqual([doctor.id])
    ;(await hospital.put({ ...practitioner({ active: false }), id: doctor.id })).expect(200)
    await eventually(async () => (await clinic.get(`Practitioner/${doctor.id}`)).resource['active']).toBe(false)
    ;(await hospital.delete(`Location/${ward.id}`)).expect(204)
    await eventually(async () => (await clinic.get(`Location/${ward.id}`)).status).toBe(410)
    const own = await started.asPatient(visit.id, 'lakeside')
    ;(await own.get(`Practitioner/${doctor.id}`)).expect(200)
  })
})

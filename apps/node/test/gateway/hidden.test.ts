import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from './client.ts'
import { grant, organisation, person, recordOf } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { condition, observation, patient } from './resources.ts'

let started: TestNode
let hospital: Client
let nurse: Client
let clinic: Client

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  nurse = await started.as('riverside', 'nurse')
  clinic = await started.as('lakeside', 'physician')
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

const create = async (resource: { resourceType: string }): Promise<string> => (await hospital.create(resource)).expect(201).resource.id

describe('what is hidden from a colleague', () => {
  it('is not there for references, writes and audit events, and is not written over', async () => {
    const id = await create(patient())
    const vital = await create(observation(id, 'vital-signs'))
    await hospital.put({ ...observation(id, 'vital-signs'), id: 'taken' })
    await grant(started, id, { effect: 'deny', to: person(started, 'riverside', 'nurse'), categories: ['vital-signs'] })
    ;(await hospital.get(`Observation/${vital}`)).expect(200)
    await started.flush()
    ;(await nurse.get(`Patient/${id}`)).expect(200)
    ;(await nurse.create(observation(id, 'laboratory', { hasMember: [{ reference: `Observation/${vital}` }] }))).expect(422)
    expect((await nurse.get(`AuditEvent?patient=${id}`)).expect(200).text).not.toContain('vital-signs')
    expect((await nurse.get(`Consent?patient=${id}`)).expect(200).total).toBe(0)
    ;(await nurse.put({ ...observation(id, 'laboratory'), id: 'taken' })).expect(403)
    ;(await nurse.put({ ...observation(id, 'laboratory', { status: 'amended' }), id: vital })).expect(201)
    expect((await nurse.get(`Observation/${vital}`)).expect(200).resource['status']).toBe('amended')
    expect((await hospital.get(`Observation/${vital}`)).expect(200).resource['status']).toBe('final')
  })
})

it('a patient who may not be known of is refused as one who does not exist, by whatever name', async () => {
  const id = await create(patient())
  const own = await create(observation(id, 'laboratory'))
  ;(await hospital.put({ ...patient(), id: 'record-1' })).expect(201)
  await grant(started, started.gateway('riverside').services.ids.chosen('Patient', 'record-1'), { effect: 'deny', to: person(started, 'riverside', 'nurse'), actions: ['read', 'write'] })
  const answer = async (reference: string) => {
    const { status, text } = await nurse.create(observation(id, 'laboratory', { subject: { reference } }))
    return `${status} ${text}`
  }
  expect(await answer('Patient/record-1')).toBe(await answer('Patient/record-2'))
  // Who wrote a record is not told by it either: whose it is stays.
  const moved = async (about: string) => {
    const { status, text } = await hospital.put({ ...observation(about, 'laboratory'), id: own })
    return `${status} ${text}`
  }
  const elsewhere = (await clinic.create(patient())).expect(201).resource.id
  expect(await moved(elsewhere)).toBe(await moved(randomUUID()))
  expect(await moved(elsewhere)).toMatch(/^422 /)
})

it('an address of what is hidden opens no chart: a search that names nobody stays empty', async () => {
  const id = await create(patient())
  const [open, hidden] = [await create(observation(id, 'laboratory')), await create(observation(id, 'vital-signs'))]
  await grant(started, id, { to: organisation(started, 'lakeside'), records: [recordOf(started, 'Observation', open)] })
  ;(await clinic.get(`Observation/${hidden}`)).expect(404)
  expect((await clinic.get('Observation')).expect(200).total).toBe(0)
  ;(await clinic.get(`Observation/${open}`)).expect(200)
  expect((await clinic.get('Observation')).expect(200).total).toBe(1)
})

it('chains, _has and includes reach no further than the scopes', async () => {
  const id = await create(patient())
  const diagnosis = await create(condition(id))
  await create({ ...observation(id, 'laboratory', { focus: [{ reference: `Condition/${diagnosis}` }] }) })
  const narrow = await started.as('riverside', 'physician', { scopes: ['user/Observation.rs', 'user/Patient.rs'] })
  ;(await narrow.get(`Patient?_has:Condition:patient:code=38341003&_id=${id}`)).expect(403)
  ;(await narrow.get('Observation?focus:Condition.code=38341003')).expect(403)
  ;(await narrow.get(`Observation?patient.gender=female&patient=${id}`)).expect(200)
  expect((await narrow.get(`Observation?patient=${id}&_include=Observation:focus&_include:iterate=Condition:subject`)).expect(200).included()).toEqual([])
  expect((await hospital.get(`Observation?patient=${id}&_include=Observation:focus&_include:iterate=Condition:subject`)).expect(200).included()).toHaveLength(2)
})

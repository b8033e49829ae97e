import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from './client.ts'
import { grant, organisation } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { condition, observation, patient } from './resources.ts'

let started: TestNode
let hospital: Client
let clinic: Client

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  clinic = await started.as('lakeside', 'physician')
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

const ICD = 'http://hl7.org/fhir/sid/icd-10-cm'
type AnyResource = { readonly resourceType: string; readonly [element: string]: unknown }
const create = async (resource: AnyResource) => (await hospital.create(resource)).expect(201).resource
const coded = (code: string) => ({ code: { coding: [{ system: ICD, code }] } })

it('a diagnosis is labelled by its code, and so is what refers to it', async () => {
  const { id } = await create(patient())
  const plain = await create(condition(id))
  const depression = await create(condition(id, coded('F32.9')))
  const encounter = { resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' }, subject: { reference: `Patient/${id}` }, period: { start: '2024-01-01', end: '2024-01-01' } }
  const visit = await create({ ...encounter, diagnosis: [{ condition: { reference: `Condition/${depression.id}` } }] })
  const seen = await create(observation(id, 'laboratory', { encounter: { reference: `Encounter/${visit.id}` } }))
  const claimed = await create({ resourceType: 'Basic', code: { text: 'letter' }, subject: { reference: `Observation/${seen.id}` }, author: { reference: `Patient/${id}` } })
  await grant(started, id, { to: organisation(started, 'lakeside') })
  ;(await clinic.get(`Condition/${plain.id}`)).expect(200)
  for (const hidden of [depression, visit, seen, claimed]) (await clinic.get(`${hidden.resourceType}/${hidden.id}`)).expect(404)
  await grant(started, id, { to: organisation(started, 'lakeside'), labels: ['mental-health'] })
  for (const shown of [depression, visit, seen, claimed]) (await clinic.get(`${shown.resourceType}/${shown.id}`)).expect(200)
})

it('a confidential service is labelled for whoever was a minor then, also within one transaction', async () => {
  const born = async (birthDate: string, code: string) => {
    const entry = (resource: { resourceType: string }, fullUrl: string) => ({ fullUrl, resource, request: { method: 'POST', url: resource.resourceType } })
    const subject = { reference: 'urn:uuid:0a1b2c3d-0000-4000-8000-000000000001' }
    const [adviceUrl, visitUrl] = ['urn:uuid:0a1b2c3d-0000-4000-8000-000000000002', 'urn:uuid:0a1b2c3d-0000-4000-8000-000000000003'] as const
    const advice = { ...condition('x', coded(code)), subject, onsetDateTime: '2024-05-05', encounter: { reference: visitUrl } }
    const visit = { resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' }, subject, diagnosis: [{ condition: { reference: adviceUrl } }] }
    const bundle = { resourceType: 'Bundle', type: 'transaction', entry: [entry(advice, adviceUrl), entry(visit, visitUrl), entry(patient({ birthDate }), subject.reference)] }
    const [first, , third] = (await hospital.post('fhir', bundle)).expect(200).entries()
    const [condition_, person] = [first, third].map((answer) => String(answer?.response?.location).split('/').at(-3) as string)
    await grant(started, person as string, { to: organisation(started, 'lakeside') })
    return (await clinic.get(`Condition/${condition_}`)).status
  }
  expect(await born('2008-05-06', 'Z30.09')).toBe(404)
  expect(await born('2006-05-05', 'Z30.09')).toBe(200)
  expect(await born('2008-05-06', 'J45')).toBe(200)
})

it('the birth date of a patient who is already there counts', async () => {
  for (const [birthDate, status] of [['2008-05-06', 404], ['1990-01-01', 200]] as const) {
    const { id } = await create(patient({ birthDate }))
    const advice = await create(condition(id, { ...coded('Z30.09'), onsetDateTime: '2024-05-05' }))
    await grant(started, id, { to: organisation(started, 'lakeside') })
    ;(await clinic.get(`Condition/${advice.id}`)).expect(status)
  }
})

it('what a later version no longer says stays labelled', async () => {
  const { id } = await create(patient())
  const hiv = await create(condition(id, coded('B20')))
  ;(await hospital.put({ ...condition(id, coded('J45')), id: hiv.id })).expect(200)
  await grant(started, id, { to: organisation(started, 'lakeside') })
  ;(await clinic.get(`Condition/${hiv.id}`)).expect(404)
})

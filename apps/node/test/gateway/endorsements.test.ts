import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Answer, Client } from './client.ts'
import { grantTerms, organisation } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { observation, patient } from './resources.ts'

let started: TestNode
let hospital: Client
let clinic: Client
let nurse: Client
beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  clinic = await started.as('lakeside', 'physician')
  nurse = await started.as('lakeside', 'nurse')
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

const endorse = async (by: Client, id: string, more: object = {}): Promise<Answer> => await by.post('chiron/endorsements', { patient: id, reader: 'physician', forMinutes: 60, ...more })

it('opens to the colleague what a rule gives while a second professional stands by, and only for that purpose', async () => {
  const { id } = (await hospital.create(patient())).expect(201).resource
  ;(await hospital.create(observation(id, 'laboratory'))).expect(201)
  await grantTerms(started, id, { grantee: organisation(started, 'lakeside'), conditions: [{ kind: 'second-person' }] })
  ;(await clinic.get(`Observation?patient=${id}`)).expect(403)
  ;(await endorse(clinic, id)).expect(403)
  ;(await endorse(await started.as('lakeside', 'nurse', { purpose: 'HPAYMT' }), id)).expect(202)
  ;(await clinic.get(`Observation?patient=${id}`)).expect(403)
  const answer = (await endorse(nurse, id)).expect(202)
  expect(answer.json).toMatchObject({ reader: 'physician of lakeside', endorsedBy: 'nurse of lakeside', purpose: 'TREAT' })
  expect((await clinic.get(`Observation?patient=${id}`)).expect(200).total).toBe(1)
  ;(await nurse.get(`Observation?patient=${id}`)).expect(403)
  expect(started.node.desk.audit(id).map(({ what }) => what)).toContainEqual(expect.stringMatching(/^was endorsed by nurse/))
})

it('says the same whether or not there is such a patient', async () => {
  const { id } = (await hospital.create(patient())).expect(201).resource
  const said = async (about: string): Promise<object> => ({ ...(await endorse(nurse, about)).expect(202).json, untilMs: 0 })
  expect(await said(randomUUID())).toEqual(await said(id))
})

it('is refused to who is not a colleague, for too long, and without saying for whom', async () => {
  const id = randomUUID()
  ;(await endorse(nurse, id, { reader: 'janitor' })).expect(403)
  ;(await endorse(nurse, id, { forMinutes: 721 })).expect(400)
  ;(await endorse(nurse, id, { reader: undefined })).expect(400)
  ;(await endorse(started.anonymous('lakeside'), id)).expect(401)
})

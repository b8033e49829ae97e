import { randomBytes, randomUUID } from 'node:crypto'
import { access, identity } from '@chiron/ledger'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { grant, organisation } from './consents.ts'
import { startTestNode, type Organisation, type TestNode, type UserName } from './harness.ts'
import { observation, patient } from './resources.ts'

let started: TestNode

beforeAll(async () => {
  started = await startTestNode()
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

async function endRole(name: Organisation, user: UserName): Promise<void> {
  const { engine, identities } = started.node
  const reader = identities.users.find((candidate) => candidate.organisation === name && candidate.user === user)
  if (reader === undefined) throw new TypeError('no such user')
  const [role] = identity.attestationsOf(engine.state, reader.did, engine.status().timeMs)
  if (role === undefined) throw new TypeError('no role')
  await started.submit(name, [{ type: 'identity.revokeAttestation', salt: randomBytes(16), attestation: role.id }])
}

it('a reader whose role ends while an access is open is refused from then on', async () => {
  const hospital = await started.as('riverside', 'physician')
  const { id } = (await hospital.create(patient())).expect(201).resource
  const { id: result } = (await hospital.create(observation(id, 'laboratory'))).expect(201).resource
  await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
  const clinic = await started.as('lakeside', 'physician')
  ;(await clinic.get(`Observation/${result}`)).expect(200)
  await endRole('lakeside', 'physician')
  ;(await clinic.get(`Observation/${result}`)).expect(403)
  ;(await clinic.get(`Observation?patient=${id}`)).expect(403)
  ;(await clinic.get('Observation')).expect(403)
})

it('whose role ended gets one answer, whatever there is: no total, no status, no write tells', async () => {
  const hospital = await started.as('riverside', 'physician')
  const nurse = await started.as('riverside', 'nurse')
  const { id } = (await hospital.create(patient())).expect(201).resource
  const { id: result } = (await hospital.create(observation(id, 'laboratory'))).expect(201).resource
  expect((await nurse.get('Observation?_summary=count')).expect(200).total).toBeGreaterThan(0)
  await endRole('riverside', 'nurse')
  const absent = randomUUID()
  const asked = (about: string, chart: string) => [
    nurse.get(`Observation?_id=${about}&_summary=count`), nurse.get(`Observation/${about}`), nurse.get(`Observation/${about}/_history`), nurse.get(`Observation?patient=${chart}&_summary=count`),
    nurse.get(`AuditEvent?patient=${chart}`), nurse.put({ ...observation(chart, 'laboratory'), id: about }), nurse.delete(`Observation/${about}`), nurse.create(observation(chart, 'laboratory', { hasMember: [{ reference: `Observation/${about}` }] })),
  ]
  const there = await Promise.all(asked(result, id))
  const nowhere = await Promise.all(asked(absent, randomUUID()))
  expect(there.map(({ status, text }) => `${status} ${text}`)).toEqual(nowhere.map(({ status, text }) => `${status} ${text}`))
  expect(new Set(there.map(({ status }) => status))).toEqual(new Set([403]))
  await started.flush()
  const handle = started.gateway('riverside').services.vocabulary.patientHandle(id)
  const listed = [...access.accessEntries(started.node.engine.state, handle)].flatMap(([, entry]) => (entry.kind === 'refusal' ? [entry] : []))
  expect(listed.map(({ action, count }) => [action, count])).toEqual(expect.arrayContaining([['read', 5], ['write', 3]]))
})

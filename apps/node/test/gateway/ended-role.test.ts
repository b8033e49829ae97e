import { randomBytes } from 'node:crypto'
import { identity } from '@chiron/ledger'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { grant, organisation } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { observation, patient } from './resources.ts'

let started: TestNode

beforeAll(async () => {
  started = await startTestNode()
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

it('a reader whose role ends while an access is open is refused from then on', async () => {
  const hospital = await started.as('riverside', 'physician')
  const { id } = (await hospital.create(patient())).expect(201).resource
  const { id: result } = (await hospital.create(observation(id, 'laboratory'))).expect(201).resource
  await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
  const clinic = await started.as('lakeside', 'physician')
  ;(await clinic.get(`Observation/${result}`)).expect(200)
  const { engine, identities } = started.node
  const reader = identities.users.find(({ organisation: name, user }) => name === 'lakeside' && user === 'physician')
  const [role] = identity.attestationsOf(engine.state, (reader as { did: NonNullable<typeof reader>['did'] }).did, engine.status().timeMs)
  expect(role).toBeDefined()
  await started.submit('lakeside', [{ type: 'identity.revokeAttestation', salt: randomBytes(16), attestation: (role as NonNullable<typeof role>).id }])
  ;(await clinic.get(`Observation/${result}`)).expect(403)
  ;(await clinic.get(`Observation?patient=${id}`)).expect(403)
  ;(await clinic.get('Observation')).expect(403)
})

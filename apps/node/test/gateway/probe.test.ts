import { it } from 'vitest'
import { startTestNode } from './harness.ts'
import { grant, organisation } from './consents.ts'
import { observation, patient } from './resources.ts'
it('x', async () => {
  const started = await startTestNode()
  const hospital = await started.as('riverside', 'physician'), clinic = await started.as('lakeside', 'physician')
  const { id } = (await hospital.create(patient())).resource
  const one = (await hospital.create(observation(id, 'laboratory'))).resource
  await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['laboratory'], actions: ['read', 'write'] })
  const a = await clinic.get(`Observation/${one.id}`)
  const p = await clinic.put({ ...observation(id, 'laboratory', { status: 'amended' }), id: one.id }, { 'if-match': 'W/"1"' })
  console.log(a.status, p.status, p.text.slice(0, 300))
  const rows = await started.gateway('riverside').services.index.rowsOf({ record: started.gateway('riverside').services.vocabulary.record('Observation', one.id) })
  console.log(rows)
  console.log((await hospital.get(`Observation?patient=${id}`)).text.slice(0, 1500))
  await started.close()
})

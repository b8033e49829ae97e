import { it } from 'vitest'
import { startTestNode } from './harness.ts'
import { patient } from './resources.ts'
it('x', async () => {
  const started = await startTestNode()
  const hospital = await started.as('riverside', 'physician')
  await hospital.create(patient())
  for (const q of ['Patient?name=%00', 'Patient?name=a%00b', 'Patient?identifier=%00', 'Observation?subject:Patient.name=%00', 'Observation?code=%00', 'Patient?_id=%00', 'Patient?name:exact=%00','Patient?name:contains=%00', 'Observation?code:text=%00', 'Patient?name=%EF%BF%BF', 'Patient?name=%F4%8F%BF%BF', 'Observation?value-quantity=5|%00|%00','Observation/x/_history/%00', 'Observation/x/_history/abc', 'Patient?general-practitioner=%00', 'Patient?name:contains=' + 'a%25_'.repeat(200), 'Patient?name=' + 'x'.repeat(6000)]) {
    const r = await fetch(`${hospital.base}/fhir/${q}`, { headers: { authorization: `Bearer ${hospital.token}` } })
    console.log(q.slice(0,50), r.status, (await r.text()).slice(0, 150))
  }
  for (const f of started.failures as any[]) console.log(f.part, f.error, f.error?.cause)
  await started.close()
}, 30000)

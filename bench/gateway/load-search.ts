import type { Scenario } from './measure.ts'
import type { Population } from './population.ts'
import { oneOf } from './samples.ts'

/** `GET Observation?patient=…&code=system|code&_count=20`, over all patients and their codes. */
export function searchObservations({ patients }: Population): Scenario {
  return {
    name: 'search patient+code',
    next: () => {
      const { id, codes } = oneOf(patients)
      return { method: 'GET', path: `Observation?patient=${id}&code=${encodeURIComponent(oneOf(codes))}&_count=20` }
    },
    isOk: ({ status, body }) => status === 200 && body.includes('"searchset"'),
  }
}

import type { Scenario } from './measure.ts'
import type { Population } from './population.ts'
import { oneOf } from './samples.ts'

/** `GET Observation/[id]` of any patient that is there. */
export function getObservation({ patients }: Population): Scenario {
  return {
    name: 'GET Observation',
    next: () => ({ method: 'GET', path: `Observation/${oneOf(oneOf(patients).observations)}` }),
    isOk: ({ status }) => status === 200,
  }
}

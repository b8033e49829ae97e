import type { Scenario } from './measure.ts'
import { observationOf, type Population } from './population.ts'
import { oneOf } from './samples.ts'

/** `POST Observation` about patients that are there. */
export function postObservation({ patients, templates }: Population): Scenario {
  return {
    name: 'POST Observation',
    next: () => ({ method: 'POST', path: 'Observation', body: JSON.stringify(observationOf(oneOf(templates), oneOf(patients).id)) }),
    isOk: ({ status }) => status === 201,
  }
}

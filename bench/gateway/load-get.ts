import type { Scenario } from './measure.ts'
import type { Population } from './population.ts'
import { oneOf, type Json } from './samples.ts'
import { sameContent } from './same-content.ts'

/** `GET Observation/[id]` of any patient that is there. Checked against what was written. */
export function getObservation({ patients }: Population): Scenario {
  return {
    name: 'GET Observation',
    next: () => ({ method: 'GET', path: `Observation/${oneOf(oneOf(patients).observations).id}` }),
    isOk: ({ status }) => status === 200,
    async check({ path }, { body }) {
      const id = path.slice('Observation/'.length)
      const written = patients.flatMap(({ observations }) => observations).find((one) => one.id === id)?.resource
      const read = JSON.parse(body) as Json
      if (read['id'] !== id) return 'another resource than the one asked for'
      return written !== undefined && sameContent(written, read) ? undefined : 'a resource reads differently than it was written'
    },
  }
}

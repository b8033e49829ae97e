import type { Scenario } from './measure.ts'
import { observationOf, type Population } from './population.ts'
import { oneOf, type Json } from './samples.ts'
import { sameContent } from './same-content.ts'

/** `POST Observation` about patients that are there. Checked by reading back what was written. */
export function postObservation({ patients, templates }: Population): Scenario {
  return {
    name: 'POST Observation',
    next: () => ({ method: 'POST', path: 'Observation', body: JSON.stringify(observationOf(oneOf(templates), oneOf(patients).id)) }),
    isOk: ({ status }) => status === 201,
    async check({ body = '' }, { id }, client) {
      if (id === undefined) return 'an answer does not say where the resource is'
      const read = await client.send('GET', `Observation/${id}`)
      if (read.status !== 200) return `what was written is answered with ${read.status}`
      return sameContent(JSON.parse(body) as Json, JSON.parse(read.body) as Json) ? undefined : 'what was written reads differently'
    },
  }
}

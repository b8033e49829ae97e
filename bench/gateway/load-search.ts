import type { Scenario } from './measure.ts'
import { codesOf, type Population } from './population.ts'
import { oneOf, type Json } from './samples.ts'

const PAGE = 20

/**
 * `GET Observation?patient=…&code=system|code&_count=20`, over all patients and their codes. Checked: every match is the
 * patient's and has the code, none comes twice, and there are at least as many as were written.
 */
export function searchObservations({ patients }: Population): Scenario {
  const asked = new Map<string, { readonly patient: string; readonly code: string; readonly expected: number }>()
  return {
    name: 'search patient+code',
    next: () => {
      const { id, observations, codes } = oneOf(patients)
      const code = oneOf(codes)
      const path = `Observation?patient=${id}&code=${encodeURIComponent(code)}&_count=${PAGE}`
      if (!asked.has(path)) asked.set(path, { patient: id, code, expected: Math.min(PAGE, observations.filter(({ resource }) => codesOf(resource).includes(code)).length) })
      return { method: 'GET', path }
    },
    isOk: ({ status, body }) => status === 200 && body.includes('"searchset"'),
    async check({ path }, { body }) {
      const { patient, code, expected } = asked.get(path) as { patient: string; code: string; expected: number }
      const { entry = [] } = JSON.parse(body) as { entry?: { resource: Json; search?: { mode?: string } }[] }
      const found = entry.filter(({ search }) => search?.mode === undefined || search.mode === 'match').map(({ resource }) => resource)
      if (found.length < expected) return `${found.length} found where ${expected} were written`
      if (new Set(found.map(({ id }) => id)).size !== found.length) return 'a resource was found twice'
      const wrong = found.some((one) => !codesOf(one).includes(code) || (one['subject'] as { reference?: string } | undefined)?.reference !== `Patient/${patient}`)
      return wrong ? 'something was found that was not asked for' : undefined
    },
  }
}

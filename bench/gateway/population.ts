import type { FhirHttp } from './fhir-http.ts'
import { resourcesOf, type Json, type Source } from './samples.ts'

/** An Observation as it was sent, and the id that it was given. */
export interface WrittenObservation {
  readonly id: string
  readonly resource: Json
}

/** A patient that stands on the server, with what scenarios ask for. */
export interface KnownPatient {
  readonly id: string
  readonly observations: readonly WrittenObservation[]
  /** `system|code` of the observations, each once. */
  readonly codes: readonly string[]
}

export interface Population {
  readonly patients: readonly KnownPatient[]
  /** Observations without a subject, to be written again. */
  readonly templates: readonly Json[]
}

const AT_ONCE = 8

/**
 * Writes a Patient and up to `observations` Observations of every source, one request each: what is read and written to
 * under load. @throws Error with the server's answer when one is refused
 */
export async function populate(client: FhirHttp, sources: readonly Source[], observations: number): Promise<Population> {
  const templates: Json[] = []
  const patients: KnownPatient[] = []
  const waiting = [...sources]
  const work = async (): Promise<void> => {
    for (let source = waiting.shift(); source !== undefined; source = waiting.shift()) {
      const [person] = resourcesOf(source, 'Patient')
      const id = await create(client, person as Json)
      const written: WrittenObservation[] = []
      const codes = new Set<string>()
      for (const found of resourcesOf(source, 'Observation').slice(0, observations)) {
        const { encounter: _encounter, subject: _subject, ...template } = found
        const [code] = codesOf(template)
        if (code !== undefined) codes.add(code)
        templates.push(template)
        const resource = observationOf(template, id)
        written.push({ id: await create(client, resource), resource })
      }
      patients.push({ id, observations: written, codes: [...codes] })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return { patients, templates }
}

/** `system|code` of each coding of a resource's code. */
export function codesOf(resource: Json): string[] {
  const { coding = [] } = (resource['code'] ?? {}) as { coding?: { system: string; code: string }[] }
  return coding.map(({ system, code }) => `${system}|${code}`)
}

/** The template about a patient. */
export function observationOf(template: Json, patientId: string): Json {
  return { ...template, subject: { reference: `Patient/${patientId}` } }
}

async function create(client: FhirHttp, resource: Json): Promise<string> {
  const { status, id, body } = await client.send('POST', String(resource['resourceType']), JSON.stringify(resource))
  if (status !== 201 || id === undefined) throw new Error(`the server answered ${status} to a sample: ${body.slice(0, 400)}`)
  return id
}

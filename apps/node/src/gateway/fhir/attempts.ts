import { isResourceType, subjectsOf } from '@chiron/fhir'
import { toHex, type Handle } from '@chiron/protocol'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { canonicalFor } from './known.ts'
import type { FhirRequest } from './request.ts'
import { PATIENT_PARAMETERS } from './search.ts'

type Asked = Pick<FhirRequest, 'path' | 'query' | 'body'>

/** Entries of a bundle that are looked into. */
const MAX_ENTRIES = 5_000

/** Whose charts a request is about, as far as its address, its parameters and its body say, and what it would do there. */
export function attemptedOn(services: Services, reader: Reader, request: FhirRequest): { readonly patients: readonly Handle[]; readonly action: 'read' | 'write' } {
  const isRead = ['GET', 'HEAD'].includes(request.method) || request.path.includes('_search')
  const handles = [...patientsIn(request, services.baseUrl)].map((id) => services.vocabulary.patientHandle(canonicalFor(services, reader, 'Patient', id)))
  const patients = new Map([...handles, ...subjectsAt(services, reader, request)].map((handle) => [toHex(handle), handle]))
  return { patients: [...patients.values()], action: isRead ? 'read' : 'write' }
}

/** Patients of the records that are asked for by their ids. */
function subjectsAt(services: Services, reader: Reader, { path: [type, id], query }: FhirRequest): Handle[] {
  if (type === undefined || type === 'Patient' || !isResourceType(type)) return []
  const ids = [...(id === undefined ? [] : [id]), ...query.flatMap(([name, value]) => (name === '_id' ? value.split(',') : []))]
  return ids.flatMap((each) => services.facts.head(services.vocabulary.record(type, canonicalFor(services, reader, type, each)))?.subjects.map(({ handle }) => handle) ?? [])
}

function patientsIn({ path: [type, id], query, body }: Asked, base: string): Set<string> {
  const found = new Set<string>()
  if (type === 'Patient' && id !== undefined && id !== '_search') found.add(id)
  for (const [name, value] of query) {
    const [parameter = ''] = name.split(/[:.]/)
    if (!PATIENT_PARAMETERS.has(parameter) && !(type === 'Patient' && parameter === '_id')) continue
    for (const one of value.split(',')) {
      const [, named] = /(?:^|Patient\/)([A-Za-z0-9\-.]{1,64})$/.exec(one) ?? []
      if (named !== undefined) found.add(named)
    }
  }
  if (typeof body !== 'object' || body === null) return found
  for (const patient of subjectsOf(body, base)) found.add(patient)
  for (const entry of entriesOf(body)) for (const patient of patientsIn(entry, base)) found.add(patient)
  return found
}

/** Addresses of a bundle's entries; their resources are looked into with the bundle. */
function entriesOf(body: object): Asked[] {
  const { resourceType, entry } = body as { readonly resourceType?: unknown; readonly entry?: unknown }
  if (resourceType !== 'Bundle' || !Array.isArray(entry)) return []
  return entry.slice(0, MAX_ENTRIES).map((one: { readonly request?: { readonly url?: unknown } } | null) => {
    const [address = '', parameters = ''] = String(one?.request?.url ?? '').split('?')
    return { path: address.split('/'), query: [...new URLSearchParams(parameters)] }
  })
}

import type { Resource } from '@medplum/fhirtypes'
import { historyBundle, type HistoryItem } from '@chiron/fhir'
import { isShared, sightOfOpen, sightOfPatients, type Sight } from '../access/sight.ts'
import { GatewayError } from '../errors.ts'
import type { IndexedRow } from '../index/port.ts'
import { scopeAllows, type Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { noAccess, notFound } from './absent.ts'
import { canonicalFor, mayRead } from './known.ts'
import { present, shown, type Shown } from './present.ts'
import { versionOfEtag, type FhirRequest, type FhirResponse } from './request.ts'
import { readVirtual, isVirtualType } from './virtual.ts'

const HISTORY_PAGE = 1000

/** `GET [type]/[id]`. A resource that consent hides and one that is absent give the same answer. */
export async function readInstance(services: Services, reader: Reader, request: FhirRequest, type: string, id: string): Promise<FhirResponse> {
  requireReadScope(reader, type)
  if (isVirtualType(type)) return virtualAnswer(await readVirtual(services, reader, type, id), request)
  const { sight, canonical } = await sightOf(services, reader, type, id)
  const row = await services.index.read(type, canonical, sight.visibility)
  if (row === undefined) throw notFound()
  if (row.deleted) throw new GatewayError('ERR_GATEWAY_GONE', 'the resource was deleted; its history may still be read')
  return await rowAnswer(services, reader, sight, row, request)
}

/** `GET [type]/[id]/_history/[vid]` */
export async function readVersion(services: Services, reader: Reader, request: FhirRequest, type: string, id: string, version: string): Promise<FhirResponse> {
  requireReadScope(reader, type)
  const { sight, canonical } = await sightOf(services, reader, type, id)
  if (!/^[1-9]\d{0,15}$/.test(version)) throw notFound()
  const row = await services.index.version(type, canonical, version, sight.visibility)
  if (row === undefined) throw notFound()
  if (row.deleted) throw new GatewayError('ERR_GATEWAY_GONE', 'this version is a deletion')
  return await rowAnswer(services, reader, sight, row, request)
}

/** `GET [type]/[id]/_history`, newest first. */
export async function readHistory(services: Services, reader: Reader, type: string, id: string): Promise<FhirResponse> {
  requireReadScope(reader, type)
  const { sight, canonical } = await sightOf(services, reader, type, id)
  const rows: IndexedRow[] = []
  let after: number | undefined
  do {
    const page = await services.index.history(type, canonical, sight.visibility, { count: HISTORY_PAGE, ...(after === undefined ? {} : { after }) })
    rows.push(...page.rows)
    after = page.next
  } while (after !== undefined)
  if (rows.length === 0) throw notFound()
  const alive = rows.filter((row) => !row.deleted)
  const resources = new Map((await present(services, reader, sight, alive)).map((resource, index) => [(alive[index] as IndexedRow).version, resource]))
  const address = `${services.baseUrl}/${type}/${id}`
  const items = rows.map((row): HistoryItem => {
    const resource = resources.get(row.version)
    return {
      fullUrl: address,
      method: row.deleted ? 'DELETE' : row.version === '1' ? 'POST' : 'PUT',
      url: row.version === '1' ? type : `${type}/${id}`,
      version: row.version,
      lastModified: new Date(row.lastUpdatedMs).toISOString(),
      ...(resource === undefined ? {} : { resource }),
    }
  })
  return { status: 200, resource: historyBundle(items, { self: `${address}/_history` }, rows.length) }
}

/** Opens, as far as decide() permits, the charts that an address leads to. A Patient's address names the patient. */
export async function sightOf(services: Services, reader: Reader, type: string, id: string): Promise<{ readonly sight: Sight; readonly canonical: string }> {
  const canonical = canonicalFor(services, reader, type, id)
  if (type === 'Patient') {
    const sight = await sightOfPatients(services, reader, [canonical])
    if (sight === undefined) throw noAccess()
    return { sight, canonical }
  }
  const head = services.facts.head(services.vocabulary.record(type, canonical))
  if (head !== undefined && !isShared(head.flags)) {
    const seeker = { did: reader.did, purpose: reader.purpose }
    const handles = head.subjects.map(({ handle }) => handle)
    // What is hidden opens nothing: else a search that names nobody would tell whom the address was about.
    if (services.access.hasAll(seeker, handles) || mayRead(services, reader, head.record)) {
      const opened = await services.access.ensure(seeker, handles)
      const patients = await services.charts.loadAll(seeker, opened)
      for (const { access, patientId } of patients) services.access.remember(seeker, access.patient, patientId)
    } else services.access.refuse(seeker, handles)
  }
  return { sight: await sightOfOpen(services, reader), canonical }
}

export function requireReadScope(reader: Reader, type: string, interaction: 'r' | 's' = 'r'): void {
  if (!scopeAllows(reader, type, interaction)) throw new GatewayError('ERR_GATEWAY_SCOPE', 'the token does not allow this interaction; ask for a scope that does')
}

/** A row as the reader may have it, with its version headers, or `304` when the client has that version. */
async function rowAnswer(services: Services, reader: Reader, sight: Sight, row: IndexedRow, request: FhirRequest): Promise<FhirResponse> {
  const [{ text }] = (await shown(services, reader, sight, [row])) as [Shown]
  const headers = { etag: `W/"${row.version}"`, lastModified: new Date(row.lastUpdatedMs).toISOString() }
  return versionOfEtag(request.ifNoneMatch) === row.version ? { status: 304, ...headers } : { status: 200, text, ...headers }
}

function virtualAnswer(resource: Resource, request: FhirRequest): FhirResponse {
  const version = resource.meta?.versionId
  const headers = {
    ...(version === undefined ? {} : { etag: `W/"${version}"` }),
    ...(resource.meta?.lastUpdated === undefined ? {} : { lastModified: resource.meta.lastUpdated }),
  }
  if (version !== undefined && versionOfEtag(request.ifNoneMatch) === version) return { status: 304, ...headers }
  return { status: 200, resource, ...headers }
}

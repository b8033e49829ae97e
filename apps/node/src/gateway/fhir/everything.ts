import { searchsetBundle, type CursorCodec, type SearchsetItem } from '@chiron/fhir'
import { sightOfPatients } from '../access/sight.ts'
import { GatewayError } from '../errors.ts'
import type { IndexedRow } from '../index/port.ts'
import { readableTypes, type Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { noAccess } from './absent.ts'
import { canonicalFor } from './known.ts'
import { present } from './present.ts'
import { requireReadScope } from './read.ts'
import type { FhirRequest, FhirResponse } from './request.ts'

const PAGE = 1000
const MAX_PAGE = 5000
const KNOWN = new Set(['_count', '_cursor', '_type', '_since', '_format', '_pretty'])

/** `GET Patient/[id]/$everything`: the chart as far as it is open to the reader, in pages, the Patient first. */
export async function everything(services: Services, reader: Reader, cursors: CursorCodec, request: FhirRequest, id: string): Promise<FhirResponse> {
  requireReadScope(reader, 'Patient')
  const options = readOptions(request, cursors, readableTypes(reader))
  const canonical = canonicalFor(services, reader, 'Patient', id)
  const sight = await sightOfPatients(services, reader, [canonical])
  if (sight === undefined) throw noAccess()
  const page = await services.index.everything(canonical, sight.visibility, options)
  const patient = options.after === undefined ? await services.index.read('Patient', canonical, sight.visibility) : undefined
  const others = page.rows.filter((row) => row.type !== 'Patient' || row.id !== canonical)
  const rows: IndexedRow[] = patient === undefined || patient.deleted ? others : [patient, ...others]
  const kept = rows.filter((row) => options.types?.includes(row.type) ?? true)
  const resources = await present(services, reader, sight, kept)
  const items = resources.map((resource): SearchsetItem => ({ mode: 'match', fullUrl: `${services.baseUrl}/${resource.resourceType}/${resource.id}`, resource }))
  const address = `${services.baseUrl}/Patient/${id}/$everything`
  const next = page.next === undefined ? undefined : nextAddress(address, request, cursors.seal(`everything:${page.next}`))
  return { status: 200, resource: searchsetBundle(items, { self: address, ...(next === undefined ? {} : { next }) }) }
}

interface Options {
  readonly count: number
  readonly after?: number
  readonly types?: readonly string[]
  readonly sinceMs?: number
}

function readOptions(request: FhirRequest, cursors: CursorCodec, readable: readonly string[] | undefined): Options {
  const unknown = request.query.find(([name]) => !KNOWN.has(name))
  if (unknown !== undefined) throw new GatewayError('ERR_GATEWAY_INVALID', '$everything takes _count, _type and _since')
  const given = new Map(request.query)
  const count = given.get('_count') ?? String(PAGE)
  if (!/^[1-9]\d{0,8}$/.test(count)) throw new GatewayError('ERR_GATEWAY_INVALID', '_count must be a positive number')
  const since = given.get('_since')
  const sinceMs = since === undefined ? undefined : Date.parse(since)
  if (sinceMs !== undefined && Number.isNaN(sinceMs)) throw new GatewayError('ERR_GATEWAY_INVALID', '_since must be an instant')
  const wanted = given.get('_type')?.split(',')
  const types = wanted === undefined || readable === undefined ? (wanted ?? readable) : wanted.filter((type) => readable.includes(type))
  const cursor = given.get('_cursor')
  const after = cursor === undefined ? undefined : openCursor(cursor, cursors)
  return {
    count: Math.min(Number(count), MAX_PAGE),
    ...(after === undefined ? {} : { after }),
    ...(types === undefined ? {} : { types }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
  }
}

function openCursor(sealed: string, cursors: CursorCodec): number {
  const after = /^everything:(\d{1,15})$/.exec(cursors.open(sealed) ?? '')?.[1]
  if (after === undefined) throw new GatewayError('ERR_GATEWAY_INVALID', '_cursor was not made by this server')
  return Number(after)
}

function nextAddress(address: string, request: FhirRequest, cursor: string): string {
  const parameters = new URLSearchParams(request.query.filter(([name]) => name !== '_cursor').map(([name, value]): [string, string] => [name, value]))
  parameters.set('_cursor', cursor)
  return `${address}?${parameters}`
}

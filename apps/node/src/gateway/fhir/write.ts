import type { OperationOutcome, Resource } from '@medplum/fhirtypes'
import { outcome, parseCondition } from '@chiron/fhir'
import { receiptOf } from '../../ledger/receipts.ts'
import type { Committed } from '../../engine/engine.ts'
import { GatewayError } from '../errors.ts'
import { scopeAllows, type Reader } from '../reader.ts'
import { classify } from '../records/classify.ts'
import type { Services } from '../services.ts'
import { notFound } from './absent.ts'
import { isFhirId, isServerId } from './ids.ts'
import { canonicalFor, isKnown } from './known.ts'
import { checkedResource, headOf, planDelete, planWrite, surroundingsIn, type PlannedWrite, type Target } from './plan.ts'
import { present } from './present.ts'
import { sightOf } from './read.ts'
import { localised, NOTHING_ASSIGNED } from './references.ts'
import { versionOfEtag, type FhirRequest, type FhirResponse } from './request.ts'
import { matchesOf } from './search.ts'
import { commit } from './unit.ts'

const WRITTEN: OperationOutcome = outcome([{ severity: 'information', code: 'informational', diagnostics: 'written', expression: [] }])

/** `POST [type]`, conditional with `If-None-Exist`. */
export async function create(services: Services, reader: Reader, request: FhirRequest, type: string): Promise<FhirResponse> {
  const body = checkedResource(request.body, type)
  const condition = request.ifNoneExist === undefined ? undefined : parseCondition(request.ifNoneExist, type, services.baseUrl)
  return await services.locks.run(condition === undefined ? [] : [`if-none-exist/${type}?${condition}`], async () => {
    if (condition !== undefined) {
      const matches = await matchesOf(services, reader, type, condition)
      if (matches.length > 1) throw severalMatches()
      if (matches[0] !== undefined) return await existing(services, reader, type, matches[0], request)
    }
    const target = { type, id: services.ids.next() }
    const planned = await planWrite(services, reader, target, body, NOTHING_ASSIGNED, surroundingsIn(services))
    return await written(services, reader, planned, request)
  })
}

/** `PUT [type]/[id]`: a new version, or a first one under an id that the client chose. */
export async function update(services: Services, reader: Reader, request: FhirRequest, type: string, id: string): Promise<FhirResponse> {
  const body = checkedResource(request.body, type)
  if (body.id !== id) {
    throw new GatewayError('ERR_GATEWAY_INVALID', 'the id in the body must be the one in the address', {
      problems: [{ code: 'invalid', diagnostics: 'must equal the id in the address', expression: `${type}.id` }],
    })
  }
  const target = await updateTarget(services, reader, type, id)
  return await services.locks.run([`${type}/${target.id}`], async () => {
    requireMatch(services, target, request.ifMatch)
    const planned = await planWrite(services, reader, target, body, NOTHING_ASSIGNED, surroundingsIn(services))
    return await written(services, reader, planned, request)
  })
}

/** `DELETE [type]/[id]`: a tombstone; deleting again, or what was never there, changes nothing. */
export async function remove(services: Services, reader: Reader, request: FhirRequest, type: string, id: string): Promise<FhirResponse> {
  if (!scopeAllows(reader, type, 'd')) throw new GatewayError('ERR_GATEWAY_SCOPE', 'the token does not allow this interaction; ask for a scope that does')
  const target = { type, id: canonicalFor(services, reader, type, id) }
  return await services.locks.run([`${type}/${target.id}`], async () => {
    const planned = await plannedDelete(services, reader, target, request.ifMatch)
    if (planned === undefined) return { status: 204 }
    const committed = await commit(services, reader, [planned])
    return { status: 204, etag: `W/"${planned.draft.version}"`, receipt: receiptOf(services.engine, committed) }
  })
}

/**
 * The tombstone of a visible resource; undefined when there is nothing to delete. What is hidden is treated as what was
 * never there, also under `If-Match`.
 */
export async function plannedDelete(services: Services, reader: Reader, target: Target, ifMatch: string | undefined): Promise<PlannedWrite | undefined> {
  const { sight } = await sightOf(services, reader, target.type, target.id)
  const row = await services.index.read(target.type, target.id, sight.visibility)
  requireVersion(row?.version, ifMatch)
  if (row?.json === undefined) return undefined
  const resource = JSON.parse(row.json) as Resource
  const around = surroundingsIn(services)
  await around.prepare(resource)
  const classification = classify(resource, services.vocabulary, services.organisation.handle, around)
  const localId = await services.index.localId(target.type, target.id)
  return planDelete(services, reader, { ...target, ...(localId === undefined ? {} : { localId }) }, classification)
}

/**
 * What a `PUT` address means: a resource that the reader may know of, else a new one whose id the client chose, which
 * counts within this organisation only.
 * @throws GatewayError as {@link chosenTarget}
 */
export async function updateTarget(services: Services, reader: Reader, type: string, id: string): Promise<Target> {
  if (!isFhirId(id)) throw new GatewayError('ERR_GATEWAY_INVALID', 'ids have up to 64 letters, digits, hyphens and dots')
  if (isServerId(id) && (await isKnown(services, reader, type, id))) return { type, id }
  return await chosenTarget(services, reader, type, id)
}

/**
 * The resource that has an id which a client of this organisation chose, or will have it.
 * @throws GatewayError `ERR_GATEWAY_NO_ACCESS` when the id stands for what is hidden from the reader: nobody writes over
 * what they may not see. This tells that a colleague chose the id before, the one thing that a hidden record tells.
 */
export async function chosenTarget(services: Services, reader: Reader, type: string, id: string): Promise<Target> {
  const target = { type, id: services.ids.chosen(type, id), localId: id }
  if (headOf(services, target) !== undefined && !(await isKnown(services, reader, type, target.id))) {
    throw new GatewayError('ERR_GATEWAY_NO_ACCESS', 'you may not write under this id; create the resource without one, or choose another')
  }
  return target
}

/** `target` is one that the reader may know of. @throws GatewayError `ERR_GATEWAY_PRECONDITION` */
export function requireMatch(services: Services, target: Target, ifMatch: string | undefined): void {
  const version = headOf(services, target)?.version
  requireVersion(version === undefined ? undefined : String(version), ifMatch)
}

function requireVersion(version: string | undefined, ifMatch: string | undefined): void {
  if (ifMatch === undefined || (version !== undefined && versionOfEtag(ifMatch) === version)) return
  throw new GatewayError('ERR_GATEWAY_PRECONDITION', 'If-Match names another version than the newest; read it and try again')
}

export function severalMatches(): GatewayError {
  return new GatewayError('ERR_GATEWAY_MULTIPLE_MATCHES', 'the condition matches more than one resource; make it more specific')
}

async function existing(services: Services, reader: Reader, type: string, id: string, request: FhirRequest): Promise<FhirResponse> {
  const { sight } = await sightOf(services, reader, type, id)
  const row = await services.index.read(type, id, sight.visibility)
  if (row === undefined) throw notFound()
  const [resource] = await present(services, reader, sight, [row])
  return { status: 200, ...bodyFor(request, resource as Resource), etag: `W/"${row.version}"`, location: locationOf(resource as Resource) }
}

async function written(services: Services, reader: Reader, planned: PlannedWrite, request: FhirRequest): Promise<FhirResponse> {
  const committed = await commit(services, reader, [planned])
  return await writeResponse(services, planned, committed, request)
}

/** The answer to a write that was committed. */
export async function writeResponse(services: Services, planned: PlannedWrite, committed: Committed, request: Pick<FhirRequest, 'prefer'>): Promise<FhirResponse> {
  const [resource] = await localised(services, [planned.resource])
  return {
    status: planned.created ? 201 : 200,
    ...bodyFor(request, resource as Resource),
    etag: `W/"${planned.draft.version}"`,
    lastModified: new Date(planned.lastUpdatedMs).toISOString(),
    location: locationOf(resource as Resource),
    receipt: receiptOf(services.engine, committed),
  }
}

function bodyFor({ prefer = '' }: Pick<FhirRequest, 'prefer'>, resource: Resource): { resource?: Resource } {
  if (/return\s*=\s*minimal/i.test(prefer)) return {}
  return { resource: /return\s*=\s*OperationOutcome/i.test(prefer) ? WRITTEN : resource }
}

function locationOf(resource: Resource): string {
  return `${resource.resourceType}/${resource.id}/_history/${resource.meta?.versionId}`
}

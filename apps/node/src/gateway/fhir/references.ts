import { RecordFlag } from '@chiron/protocol'
import { records } from '@chiron/ledger'
import { listReferences, mapReferences, type FoundReference } from '@chiron/fhir'
import { GatewayError, type Problem } from '../errors.ts'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { canonicalFor, isKnown } from './known.ts'

/** Canonical id that a resource will have which is not there yet. Patients are never referred to ahead. */
export type ForwardId = (type: string, id: string) => string

/** What a write brings into being besides the resource at hand. */
export interface Assigned {
  /** `Type/id` as written in the unit, and the canonical id behind it. */
  readonly references: ReadonlyMap<string, string>
  /** Canonical ids of the patients among them. */
  readonly patients: ReadonlySet<string>
  /** Canonical id of what may come later in the same import; without it, such references are refused. */
  readonly forward?: ForwardId
}

export const NOTHING_ASSIGNED: Assigned = { references: new Map(), patients: new Set() }

/**
 * Rewrites a resource's references to canonical ids.
 * @throws GatewayError `ERR_GATEWAY_UNPROCESSABLE` listing every reference that leads nowhere this writer may know of
 */
export async function canonicalReferences<T extends object>(services: Services, reader: Reader, resource: T, assigned: Assigned): Promise<T> {
  const known = new Map<string, boolean>()
  for (const { parsed } of listReferences(resource, services.baseUrl)) {
    if (parsed.form !== 'relative' && parsed.form !== 'local') continue
    if (parsed.type === 'Patient' || assigned.references.has(`${parsed.type}/${parsed.id}`)) continue
    const id = canonicalFor(services, reader, parsed.type, parsed.id)
    const key = `${parsed.type}/${id}`
    if (!known.has(key)) known.set(key, await isThere(services, reader, parsed.type, id))
  }
  const problems: Problem[] = []
  const mapped = mapReferences(
    resource,
    (found) => {
      const target = resolve(services, reader, found, assigned, known)
      if (target.problem !== undefined) problems.push({ code: 'not-found', diagnostics: target.problem, expression: found.path })
      return target.text
    },
    services.baseUrl,
  )
  if (problems.length > 0) throw new GatewayError('ERR_GATEWAY_UNPROCESSABLE', 'a reference leads nowhere', { problems })
  return mapped
}

interface Resolution {
  readonly text?: string
  readonly problem?: string
}

const NOWHERE = 'the target does not exist here, or is not open to you'

function resolve(services: Services, reader: Reader, found: FoundReference, assigned: Assigned, known: ReadonlyMap<string, boolean>): Resolution {
  const { parsed } = found
  switch (parsed.form) {
    case 'contained':
    case 'absolute':
      return {}
    case 'invalid':
      return { problem: 'this is not a reference' }
    case 'urn':
      return parsed.urn.startsWith('urn:oid:') ? {} : { problem: 'no entry of the bundle has this full URL' }
    case 'conditional':
      return { problem: 'conditional references are resolved in transactions only' }
    case 'relative':
    case 'local': {
      const { type, id, version } = parsed
      const fresh = assigned.references.get(`${type}/${id}`)
      if (fresh !== undefined) return { text: referenceText(type, fresh, version) }
      const canonical = canonicalFor(services, reader, type, id)
      const text = referenceText(type, canonical, version)
      // Whether there is such a patient is for decide() to say, in the one answer for those who may not write there.
      if (type === 'Patient') return { text }
      if (known.get(`${type}/${canonical}`) === true) return { text }
      return assigned.forward === undefined ? { problem: NOWHERE } : { text: referenceText(type, assigned.forward(type, id), version) }
    }
  }
}

/** Whether the writer may know of a resource that stands and is no tombstone. */
async function isThere(services: Services, reader: Reader, type: string, id: string): Promise<boolean> {
  const head = records.recordHead(services.engine.state, services.vocabulary.record(type, id))
  if (head === undefined || (head.flags & RecordFlag.tombstone) !== 0) return false
  return (head.flags & RecordFlag.directory) !== 0 || (await isKnown(services, reader, type, id))
}

/** Rewrites canonical ids of resources and references to what this organisation's clients call them. */
export async function localised<T extends { readonly resourceType: string; readonly id?: string }>(services: Pick<Services, 'aliases'>, resources: readonly T[]): Promise<T[]> {
  const targets = resources.flatMap((resource) => [
    ...(resource.id === undefined ? [] : [{ type: resource.resourceType, id: resource.id }]),
    ...listReferences(resource).flatMap(({ parsed }) => (parsed.form === 'relative' ? [{ type: parsed.type, id: parsed.id }] : [])),
  ])
  await services.aliases.prepare(targets)
  return resources.map((resource) => localise(services, resource))
}

function localise<T extends { readonly resourceType: string; readonly id?: string }>(services: Pick<Services, 'aliases'>, resource: T): T {
  const mapped = mapReferences(resource, ({ parsed }) => {
    if (parsed.form !== 'relative') return undefined
    const local = services.aliases.localOf(parsed.type, parsed.id)
    return local === undefined ? undefined : referenceText(parsed.type, local, parsed.version)
  })
  const local = resource.id === undefined ? undefined : services.aliases.localOf(resource.resourceType, resource.id)
  return local === undefined ? mapped : { ...mapped, id: local }
}

function referenceText(type: string, id: string, version: string | undefined): string {
  return version === undefined ? `${type}/${id}` : `${type}/${id}/_history/${version}`
}

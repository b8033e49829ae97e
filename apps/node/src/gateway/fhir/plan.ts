import { isDeepStrictEqual } from 'node:util'
import type { Resource } from '@medplum/fhirtypes'
import { records, writeDecider } from '@chiron/ledger'
import { RecordFlag, equalBytes, toHex } from '@chiron/protocol'
import { validateOnWrite } from '@chiron/fhir'
import { isShared } from '../access/sight.ts'
import { GatewayError } from '../errors.ts'
import { scopeAllows, type Reader } from '../reader.ts'
import { classify, type Classification, type SubjectTags } from '../records/classify.ts'
import { contentOf } from '../records/content.ts'
import { UnitSurroundings } from '../records/surroundings.ts'
import type { Draft } from '../records/writer.ts'
import type { Services } from '../services.ts'
import { canonicalReferences, type Assigned } from './references.ts'
import { isVirtualType } from './virtual-types.ts'

/** A version that is ready to be sealed, with what the index needs of it. */
export interface PlannedWrite {
  readonly draft: Draft
  readonly resource: Resource
  readonly lastUpdatedMs: number
  /** Id that a client chose, where it did. */
  readonly localId?: string
  /** Whether the resource comes into being, for the status. */
  readonly created: boolean
}

export interface Target {
  readonly type: string
  /** Canonical id. */
  readonly id: string
  readonly localId?: string
}

/**
 * Checks a body before anything else looks at it.
 * @throws GatewayError `ERR_GATEWAY_UNPROCESSABLE` with each element's path, `ERR_GATEWAY_INVALID`, `ERR_GATEWAY_METHOD`
 */
export function checkedResource(body: unknown, type: string): Resource {
  if (isVirtualType(type)) throw new GatewayError('ERR_GATEWAY_METHOD', `${type} is made from the ledger; it cannot be stored through FHIR`)
  return validatedResource(body, type)
}

/** As {@link checkedResource}, also for what is made from the ledger. */
export function validatedResource(body: unknown, type: string): Resource {
  const issues = validateOnWrite(body).filter((issue) => issue.severity === 'error' || issue.severity === 'fatal')
  if (issues.length > 0) {
    throw new GatewayError('ERR_GATEWAY_UNPROCESSABLE', 'the resource is not valid FHIR R4', {
      problems: issues.map((issue) => ({
        code: issue.code,
        diagnostics: issue.diagnostics ?? 'not valid',
        ...(issue.expression?.[0] === undefined ? {} : { expression: issue.expression[0] }),
      })),
    })
  }
  const resource = body as Resource
  if (resource.resourceType !== type) throw new GatewayError('ERR_GATEWAY_INVALID', `the address is for ${type}, the body is another type`)
  return resource
}

/**
 * Plans the next version of a resource: references resolved, classified, and allowed by decide(`write`).
 * @throws GatewayError `ERR_GATEWAY_UNPROCESSABLE`, `ERR_GATEWAY_NO_ACCESS`, `ERR_GATEWAY_SCOPE`
 */
export async function planWrite(
  services: Services,
  reader: Reader,
  target: Target,
  body: Resource,
  assigned: Assigned,
  around: UnitSurroundings,
): Promise<PlannedWrite> {
  const head = headOf(services, target)
  const created = head === undefined || head.deleted
  requireScope(reader, target.type, created ? 'c' : 'u')
  const resolved = await canonicalReferences(services, reader, body, assigned)
  const lastUpdatedMs = services.now()
  const version = (head?.version ?? 0) + 1
  const resource = {
    ...resolved,
    id: target.id,
    meta: { ...resolved.meta, versionId: String(version), lastUpdated: new Date(lastUpdatedMs).toISOString() },
  } as Resource
  await around.prepare(resource)
  const classification = classify(resource, services.vocabulary, services.organisation.handle, around)
  requireSameSubjects(services, target, classification)
  requireWritable(services, reader, target, classification, assigned)
  return plannedWrite(services, target, resource, version, lastUpdatedMs, classification, { tombstone: false, created })
}

/** What surrounds the writes of one unit. */
export function surroundingsIn(services: Services): UnitSurroundings {
  return new UnitSurroundings({ state: services.engine.state, vocabulary: services.vocabulary, index: services.index })
}

/** Passes labels on within a unit until nothing changes, whatever refers to what in whichever order. */
export function spreadLabels(services: Services, writes: readonly PlannedWrite[], around: UnitSurroundings): PlannedWrite[] {
  const settled = [...writes]
  let changes = settled.some(({ draft }) => draft.classification.labels.length > 0)
  while (changes) {
    changes = false
    for (const [index, write] of settled.entries()) {
      const { draft, resource } = write
      if (draft.tombstone || !inheritsMore(draft.classification, around)) continue
      const classification = classify(resource, services.vocabulary, services.organisation.handle, around)
      if (classification.labels.length === draft.classification.labels.length) continue
      around.add(draft.type, draft.id, classification)
      settled[index] = { ...write, draft: { ...draft, classification } }
      changes = true
    }
  }
  return settled
}

function inheritsMore({ labels, inheritsFrom }: Classification, around: UnitSurroundings): boolean {
  return inheritsFrom.some((reference) => around.labelsOf(reference).some((label) => !labels.includes(label)))
}

/** Whether the newest version, authored here, already says what is planned: all but its `versionId` and `lastUpdated`. */
export async function isUnchanged(services: Services, planned: PlannedWrite): Promise<boolean> {
  const { draft, resource } = planned
  if (draft.tombstone || draft.version === 1) return false
  const rows = await services.index.rowsOf({ record: draft.record, version: String(draft.version - 1), form: 0 })
  const newest = rows.find((row) => row.authored && !row.deleted)
  return newest?.json !== undefined && isDeepStrictEqual(withoutVersion(JSON.parse(newest.json) as Resource), withoutVersion(resource))
}

function withoutVersion(resource: Resource): object {
  const { versionId: _versionId, lastUpdated: _lastUpdated, ...meta } = resource.meta ?? {}
  return { ...resource, meta }
}

/** Plans the tombstone of a resource, classified as its last version was. */
export function planDelete(services: Services, reader: Reader, target: Target, classification: Classification): PlannedWrite {
  requireScope(reader, target.type, 'd')
  requireWritable(services, reader, target, classification, undefined)
  const lastUpdatedMs = services.now()
  const version = (headOf(services, target)?.version ?? 0) + 1
  const meta = { versionId: String(version), lastUpdated: new Date(lastUpdatedMs).toISOString() }
  const resource = { resourceType: target.type, id: target.id, meta } as Resource
  return plannedWrite(services, target, resource, version, lastUpdatedMs, classification, { tombstone: true, created: false })
}

/** Newest version on the ledger; undefined when the resource was never written. */
export function headOf(services: Services, target: Target): { readonly version: number; readonly deleted: boolean; readonly own: boolean } | undefined {
  const head = records.recordHead(services.engine.state, services.vocabulary.record(target.type, target.id))
  if (head === undefined) return undefined
  return { version: head.version, deleted: (head.flags & RecordFlag.tombstone) !== 0, own: head.author === services.organisation.did }
}

function plannedWrite(
  services: Services,
  target: Target,
  resource: Resource,
  version: number,
  lastUpdatedMs: number,
  classification: Classification,
  { tombstone, created }: { tombstone: boolean; created: boolean },
): PlannedWrite {
  return {
    draft: {
      type: target.type,
      id: target.id,
      record: services.vocabulary.record(target.type, target.id),
      version,
      tombstone,
      classification,
      content: contentOf(resource, target.localId, classification.patients),
    },
    resource,
    lastUpdatedMs,
    created,
    ...(target.localId === undefined ? {} : { localId: target.localId }),
  }
}

function requireScope(reader: Reader, type: string, interaction: 'c' | 'u' | 'd'): void {
  if (scopeAllows(reader, type, interaction)) return
  throw new GatewayError('ERR_GATEWAY_SCOPE', 'the token does not allow this interaction; ask for a scope that does')
}

/**
 * Before anything is decided about another patient: who wrote the record would learn whether that patient exists. What
 * another member shares is not theirs to write at all, which is said later.
 */
function requireSameSubjects(services: Services, target: Target, { subjects }: Classification): void {
  const head = services.facts.head(services.vocabulary.record(target.type, target.id))
  if (head === undefined || (isShared(head.flags) && head.author !== services.organisation.did)) return
  if (head.subjects.length === subjects.length && head.subjects.every(({ handle }, index) => equalBytes(handle, (subjects[index] as SubjectTags).handle))) return
  throw new GatewayError('ERR_GATEWAY_UNPROCESSABLE', 'a later version is about the same patients; delete the resource and create it anew for others')
}

function requireWritable(services: Services, reader: Reader, target: Target, classification: Classification, assigned: Assigned | undefined): void {
  const fresh = freshPatients(services, target, assigned)
  const subjects = classification.subjects.filter(({ handle }) => !fresh.has(toHex(handle)))
  const request = { reader: reader.did, organisation: services.organisation.did, purpose: reader.purpose, action: 'write' as const }
  const decide = writeDecider(services.engine.state, request, services.access.timeMs(), services.facts)
  const id = services.vocabulary.record(target.type, target.id)
  const head = records.recordHead(services.engine.state, id)
  const refused = subjects.filter(({ handle, category, labels, dates }) => {
    const facts = {
      id, state: head === undefined ? ('new' as const) : ('present' as const), author: head?.author ?? null, firstAuthor: head?.firstAuthor ?? null,
      dates, category, labels, flags: classification.flags,
    }
    return decide(handle, facts).effect === 'deny'
  })
  const foreign = head !== undefined && isShared(head.flags) && head.author !== services.organisation.did
  if (refused.length === 0 && !foreign) return
  if (classification.patients.length > 0) for (const { handle } of refused) services.refusals.add(handle, reader.did, reader.purpose, 'write')
  throw new GatewayError(
    'ERR_GATEWAY_NO_ACCESS',
    'you may not write into this chart; have your organisation register that it treats the patient, or ask the patient (chiron request)',
  )
}

/** Handles of the patients that the unit itself brings into being: their registering organisation treats them. */
function freshPatients(services: Services, target: Target, assigned: Assigned | undefined): Set<string> {
  const ids = new Set(assigned?.patients)
  if (target.type === 'Patient') ids.add(target.id)
  return new Set([...ids].filter((id) => services.facts.head(services.vocabulary.record('Patient', id)) === undefined).map((id) => toHex(services.vocabulary.patientHandle(id))))
}

import type { AuditEvent, Bundle, Consent, Resource } from '@medplum/fhirtypes'
import type { Handle } from '@chiron/protocol'
import { access, consent } from '@chiron/ledger'
import { auditEventFrom, searchsetBundle, type Clause, type SearchQuery } from '@chiron/fhir'
import { sightOfPatients } from '../access/sight.ts'
import { GatewayError } from '../errors.ts'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { noAccess, notFound } from './absent.ts'
import { auditRecords } from './audit-records.ts'
import { consentOf } from './consent-rules.ts'
import { mayRead } from './known.ts'
import { isVirtualType } from './virtual-types.ts'

export { isVirtualType }

/** A ledger resource, and when it was made. */
interface Made {
  readonly resource: AuditEvent | Consent
  readonly atMs: number
}

/**
 * `GET AuditEvent/[id]` and `GET Consent/[id]`: made from the ledger. A patient reads their own; others what concerns
 * their organisation, of patients open to them.
 */
export async function readVirtual(services: Services, reader: Reader, type: string, id: string): Promise<Resource> {
  const patientId = reader.patientId ?? /^([0-9a-f-]{36})\.[0-9a-f]+$/.exec(id)?.[1]
  if (patientId === undefined) throw notFound()
  const found = (await madeFor(services, reader, type, patientId)).find(({ resource }) => resource.id === id)
  if (found === undefined) throw notFound()
  return found.resource
}

/** `GET AuditEvent?patient=…` and `GET Consent?patient=…`, newest first. */
export async function searchVirtual(services: Services, reader: Reader, query: SearchQuery): Promise<Bundle> {
  const patientId = reader.patientId ?? patientOf(query)
  if (patientId === undefined) throw new GatewayError('ERR_GATEWAY_INVALID', `name the patient: ${query.type}?patient=ID`)
  if (reader.patientId !== undefined && (patientOf(query) ?? reader.patientId) !== reader.patientId) throw noAccess()
  const all = await madeFor(services, reader, query.type, patientId)
  const matching = all.filter((made) => query.clauses.every((clause) => matches(made, clause)))
  const from = query.start.by === 'offset' ? query.start.offset : 0
  const page = matching.slice(from, from + query.count)
  const items = page.map(({ resource }) => ({ mode: 'match' as const, fullUrl: `${services.baseUrl}/${query.type}/${resource.id}`, resource }))
  const parameters = new URLSearchParams(query.applied.map(([name, value]): [string, string] => [name, value]))
  const self = `${services.baseUrl}/${query.type}?${parameters}`
  const more = from + query.count < matching.length && query.count > 0
  return searchsetBundle(items, { self, ...(more ? { next: `${self}&_offset=${from + query.count}` } : {}) }, matching.length)
}

async function madeFor(services: Services, reader: Reader, type: string, patientId: string): Promise<Made[]> {
  if ((await sightOfPatients(services, reader, [patientId])) === undefined) throw noAccess()
  const handle = services.vocabulary.patientHandle(patientId)
  const made = type === 'AuditEvent' ? auditEvents(services, reader, handle, patientId) : await consents(services, reader, handle, patientId)
  // Of one block, too, what came later stands first.
  return made.toReversed().sort((a, b) => b.atMs - a.atMs)
}

/** All of a patient's own; of others' lists what the reader did: what a colleague was shown would tell what there is. */
function auditEvents(services: Services, reader: Reader, handle: Handle, patientId: string): Made[] {
  const all = auditRecords(services, handle, patientId, access.accessEntries(services.engine.state, handle))
  const shown = reader.patientId === undefined ? all.filter(({ whoDid, kind, organisation }) => whoDid === reader.did && organisation.id === services.organisation.did && kind !== 'refusal') : all
  return shown.map((record) => ({ resource: auditEventFrom(record), atMs: record.atMs }))
}

async function consents(services: Services, reader: Reader, handle: Handle, patientId: string): Promise<Made[]> {
  const rules = consent.rulesOf(services.engine.state, handle, services.access.timeMs(), { all: true })
  const told = rules.filter((rule) => reader.patientId !== undefined || isTold(services, reader, rule))
  const made = await Promise.all(told.map(async (rule): Promise<Made[]> => {
    const resource = await consentOf(services, handle, patientId, rule)
    return resource === undefined ? [] : [{ resource, atMs: rule.terms.from }]
  }))
  return made.flat()
}

/** What is told to others than the patient: what permits them something. What is hidden, and that it is, stays with the patient. */
function isTold(services: Services, reader: Reader, { terms }: consent.Rule): boolean {
  const { effect, grantee, records } = terms
  if (effect === 'deny') return false
  if (grantee.kind === 'organisation' && grantee.did !== services.organisation.did) return false
  if (grantee.kind === 'person' && grantee.did !== reader.did) return false
  if (grantee.kind === 'role' && grantee.organisation !== undefined && grantee.organisation !== services.organisation.did) return false
  return records.every((record) => mayRead(services, reader, record))
}

function patientOf(query: SearchQuery): string | undefined {
  for (const clause of query.clauses) {
    if (clause.op !== 'match' || clause.kind !== 'reference' || clause.negated) continue
    const [value] = clause.values
    if (value?.kind === 'reference' && clause.values.length === 1 && (value.type === 'Patient' || clause.param === 'patient')) return value.id
  }
  return undefined
}

function matches(made: Made, clause: Clause): boolean {
  if (clause.op === 'id') return clause.ids.includes(made.resource.id ?? '') !== clause.negated
  if (clause.op === 'match' && clause.kind === 'reference' && clause.param === 'patient') return true
  if (clause.op === 'match' && clause.kind === 'date') {
    return clause.values.some((value) => {
      if (value.kind !== 'date') return false
      const { comparator, lowMs, highMs } = value
      if (comparator === 'gt' || comparator === 'sa') return made.atMs > highMs
      if (comparator === 'lt' || comparator === 'eb') return made.atMs < lowMs
      if (comparator === 'ge') return made.atMs >= lowMs
      if (comparator === 'le') return made.atMs <= highMs
      const inside = made.atMs >= lowMs && made.atMs <= highMs
      return comparator === 'ne' ? !inside : inside
    })
  }
  if (clause.op === 'match' && clause.param === 'status' && made.resource.resourceType === 'Consent') {
    const { status } = made.resource
    return clause.values.some((value) => value.kind === 'token' && value.code === status) !== clause.negated
  }
  throw new GatewayError('ERR_GATEWAY_INVALID', 'what is made from the ledger is searched by patient, date, _id and, for Consent, status')
}


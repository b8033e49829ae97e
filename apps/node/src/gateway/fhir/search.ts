import type { Resource } from '@medplum/fhirtypes'
import { formatCursor, outcome, parseSearch, searchsetText, subsetResource, type Clause, type CursorCodec, type SearchQuery, type SearchsetText } from '@chiron/fhir'
import { sightOfOpen, sightOfPatients, type Sight } from '../access/sight.ts'
import { GatewayError } from '../errors.ts'
import type { SearchAnswer } from '../index/port.ts'
import { readableTypes, type Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { noAccess } from './absent.ts'
import { withinScopes } from './clause-scopes.ts'
import { canonicalFor } from './known.ts'
import { shown, type Shown } from './present.ts'
import { requireReadScope } from './read.ts'
import type { FhirRequest, FhirResponse } from './request.ts'
import { isVirtualType, searchVirtual } from './virtual.ts'

const MAX_INCLUDED = 1000
const DEFAULT_COUNT = 50
const MAX_COUNT = 1000

/** `GET [type]?…` and `POST [type]/_search`. Consent is part of the query, so totals and pages never count what is hidden. */
export async function search(services: Services, reader: Reader, cursors: CursorCodec, request: FhirRequest, type: string): Promise<FhirResponse> {
  requireReadScope(reader, type, 's')
  const query = canonicalQuery(services, reader, parse(services, cursors, request, type))
  if (isVirtualType(type)) return { status: 200, resource: await searchVirtual(services, reader, query) }
  const sight = await sightFor(services, reader, query)
  const includedTypes = readableTypes(reader)
  const found = await services.index.search(query, sight.visibility, { maxIncluded: MAX_INCLUDED, ...(includedTypes === undefined ? {} : { includedTypes }) })
  const rows = [...found.rows, ...found.included]
  const entries = query.count === 0 ? [] : await shown(services, reader, sight, rows)
  return { status: 200, text: bundleOf(services, cursors, query, found, entries) }
}

/** Ids of visible rows that match a condition; two at most, for that is enough to know that there are several. */
export async function matchesOf(services: Services, reader: Reader, type: string, condition: string): Promise<string[]> {
  const query = canonicalQuery(services, reader, {
    ...parseSearch(type, condition, { base: services.baseUrl, handling: 'strict', nowMs: services.now(), defaultCount: 2 }),
    count: 2,
  })
  if (query.clauses.length === 0) throw new GatewayError('ERR_GATEWAY_PRECONDITION', 'a condition needs at least one search parameter')
  const sight = await sightFor(services, reader, query).catch((error: unknown) => {
    if (error instanceof GatewayError && error.code === 'ERR_GATEWAY_NO_ACCESS') return undefined
    throw error
  })
  if (sight === undefined) return []
  const found = await services.index.search(query, sight.visibility, { maxIncluded: 0 })
  return found.rows.map((row) => row.id)
}

function parse(services: Services, cursors: CursorCodec, request: FhirRequest, type: string): SearchQuery {
  const query = parseSearch(type, request.query, {
    base: services.baseUrl,
    handling: /handling\s*=\s*strict/.test(request.prefer ?? '') ? 'strict' : 'lenient',
    nowMs: services.now(),
    defaultCount: DEFAULT_COUNT,
    maxCount: MAX_COUNT,
    cursors,
  })
  return request.query.some(([name]) => name === '_total') ? query : { ...query, total: 'accurate' }
}

/** What a search may look through: the charts of the patients it names, a patient's own chart, or what is open now. */
async function sightFor(services: Services, reader: Reader, query: SearchQuery): Promise<Sight> {
  const named = patientsNamed(query)
  if (named.size === 0 && reader.patientId === undefined) return await sightOfOpen(services, reader)
  const patients = named.size === 0 && reader.patientId !== undefined ? [reader.patientId] : [...named]
  const sight = await sightOfPatients(services, reader, patients)
  if (sight === undefined) throw noAccess()
  return sight
}

function patientsNamed(query: SearchQuery): Set<string> {
  const named = new Set<string>()
  for (const clause of query.clauses) {
    if (clause.op === 'id' && !clause.negated && query.type === 'Patient') for (const id of clause.ids) named.add(id)
    if (clause.op !== 'match' || clause.kind !== 'reference' || clause.negated) continue
    for (const value of clause.values) {
      if (value.kind === 'reference' && (value.type === 'Patient' || (value.type === undefined && PATIENT_PARAMETERS.has(clause.param)))) named.add(value.id)
    }
  }
  return named
}

/** Parameters whose bare value is a patient's id. */
export const PATIENT_PARAMETERS: ReadonlySet<string> = new Set(['patient', 'subject', 'beneficiary', 'individual'])

/** Puts canonical ids where a client's stand. */
function canonicalQuery(services: Services, reader: Reader, query: SearchQuery): SearchQuery {
  const { clauses } = withinScopes(reader, query)
  return { ...query, clauses: clauses.map((clause) => canonicalClause(services, reader, query.type, clause)) }
}

function canonicalClause(services: Services, reader: Reader, type: string, clause: Clause): Clause {
  switch (clause.op) {
    case 'id':
      return { ...clause, ids: clause.ids.map((id) => canonicalFor(services, reader, type, id)) }
    case 'match':
      if (clause.kind !== 'reference') return clause
      return {
        ...clause,
        values: clause.values.map((value) => {
          if (value.kind !== 'reference' || value.type === '') return value
          const guess = value.type ?? (PATIENT_PARAMETERS.has(clause.param) ? 'Patient' : undefined)
          return guess === undefined ? value : { ...value, id: canonicalFor(services, reader, guess, value.id) }
        }),
      }
    case 'chain':
      return { ...clause, targets: clause.targets.map((target) => ({ ...target, clause: canonicalClause(services, reader, target.type, target.clause) })) }
    case 'has':
      return { ...clause, clause: canonicalClause(services, reader, clause.type, clause.clause) }
    default:
      return clause
  }
}

function bundleOf(services: Services, cursors: CursorCodec, query: SearchQuery, found: SearchAnswer, entries: readonly Shown[]): string {
  const isWhole = query.summary === undefined && query.elements === undefined
  const items = entries.map(({ row, id, text }, index): SearchsetText => ({
    mode: index < found.rows.length ? 'match' : 'include',
    fullUrl: `${services.baseUrl}/${row.type}/${id}`,
    text: isWhole ? text : JSON.stringify(subsetResource(JSON.parse(text) as Resource, query)),
  }))
  if (query.ignored.length > 0) items.push({ mode: 'outcome', text: JSON.stringify(outcome(query.ignored)) })
  const address = `${services.baseUrl}/${query.type}`
  const next = found.next === undefined ? undefined : pageAddress(address, query, formatCursor(found.next, cursors))
  return searchsetText(items, { self: pageAddress(address, query, undefined), ...(next === undefined ? {} : { next }) }, found.total)
}

function pageAddress(address: string, query: SearchQuery, cursor: string | undefined): string {
  const parameters = new URLSearchParams(query.applied.map(([name, value]): [string, string] => [name, value]))
  if (cursor !== undefined) parameters.set('_cursor', cursor)
  const text = parameters.toString()
  return text === '' ? address : `${address}?${text}`
}


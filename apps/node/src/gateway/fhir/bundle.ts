import { batchResponse, parseBundle, planTransaction, transactionResponse, type BundleEntry, type PlannedOperation, type ResponseItem } from '@chiron/fhir'
import { receiptOf } from '../../ledger/receipts.ts'
import { GatewayError } from '../errors.ts'
import { answerFor } from '../http/outcome.ts'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { canonicalFor } from './known.ts'
import type { Assigned, ForwardId } from './references.ts'
import { checkedResource, isUnchanged, planWrite, spreadLabels, surroundingsIn, type PlannedWrite, type Target } from './plan.ts'
import { resourceOf, versionOfEtag, type FhirRequest, type FhirResponse } from './request.ts'
import { matchesOf } from './search.ts'
import { commit } from './unit.ts'
import { chosenTarget, plannedDelete, requireMatch, updateTarget, writeResponse } from './write.ts'

/** Routes one interaction that stands in a bundle. */
export type Dispatch = (request: FhirRequest) => Promise<FhirResponse>

export interface BundleOptions {
  /** Id of the new resource of an entry of a transaction; default: a random one. */
  readonly newId?: (type: string, entry: BundleEntry) => string
  /** Lets references of a transaction to what may be imported later through: the canonical id it will have. */
  readonly forward?: ForwardId
  /** Whether a transaction leaves alone what it would update to the same content: such entries are answered with 304. */
  readonly keepUnchanged?: boolean
}

const AT_ONCE = 32

/** `POST [base]` with a batch or transaction. */
export async function processBundle(services: Services, reader: Reader, request: FhirRequest, dispatch: Dispatch, options: BundleOptions = {}): Promise<FhirResponse> {
  const bundle = parseBundle(request.body, services.baseUrl)
  return bundle.type === 'batch'
    ? await processBatch(bundle.entries, dispatch)
    : await processTransaction(services, reader, bundle, dispatch, options)
}

/** Every entry on its own: one's failure is its own answer. */
async function processBatch(entries: readonly BundleEntry[], dispatch: Dispatch): Promise<FhirResponse> {
  const answers: ResponseItem[] = []
  for (let at = 0; at < entries.length; at += AT_ONCE) {
    answers.push(...(await Promise.all(entries.slice(at, at + AT_ONCE).map((entry) => batchEntry(entry, dispatch)))))
  }
  return { status: 200, resource: batchResponse(answers) }
}

async function batchEntry(entry: BundleEntry, dispatch: Dispatch): Promise<ResponseItem> {
  try {
    if (entry.target.kind === 'other' && entry.target.path === '') throw notInBundle()
    return itemOf(await dispatch(requestOf(entry)))
  } catch (error) {
    return failureOf(error)
  }
}

function failureOf(error: unknown): ResponseItem {
  const { status, outcome } = answerFor(error)
  return { status, outcome }
}

function notInBundle(): GatewayError {
  return new GatewayError('ERR_GATEWAY_METHOD', 'this interaction does not stand in a bundle; send it by itself')
}

/** All entries, or none: one ledger transaction. Reads at the end see what was written. */
async function processTransaction(
  services: Services,
  reader: Reader,
  bundle: ReturnType<typeof parseBundle>,
  dispatch: Dispatch,
  options: BundleOptions,
): Promise<FhirResponse> {
  const plan = planTransaction(bundle, { newId: options.newId ?? (() => services.ids.next()), base: services.baseUrl })
  const locks = plan.lookups.map((lookup) => `if-none-exist/${lookup.key}`)
  return await services.locks.run(locks, async () => {
    const answers = new Map<string, readonly string[]>()
    for (const lookup of plan.lookups) answers.set(lookup.key, await matchesOf(services, reader, lookup.type, lookup.query))
    const { operations } = plan.resolve(answers)
    for (const operation of operations) await within(operation, async () => await Promise.resolve(requireSupported(operation)))
    const targets = new Map<PlannedOperation, Target>()
    for (const operation of operations) {
      const target = await targetOf(services, reader, operation)
      if (target !== undefined) targets.set(operation, target)
    }
    const instances = [...targets.values()].map((target) => `${target.type}/${target.id}`)
    return await services.locks.run(instances, async () => await commitTransaction(services, reader, operations, targets, dispatch, options))
  })
}

async function commitTransaction(
  services: Services,
  reader: Reader,
  operations: readonly PlannedOperation[],
  targets: ReadonlyMap<PlannedOperation, Target>,
  dispatch: Dispatch,
  options: BundleOptions,
): Promise<FhirResponse> {
  const assigned = { ...assignedBy(operations, targets), ...(options.forward === undefined ? {} : { forward: options.forward }) }
  const around = surroundingsIn(services)
  const writes: PlannedWrite[] = []
  const writeOf = new Map<PlannedOperation, PlannedWrite>()
  const unchanged = new Map<PlannedOperation, PlannedWrite>()
  const ordered = [...operations].sort((a, b) => placeOf(a) - placeOf(b))
  for (const operation of ordered) {
    const target = targets.get(operation)
    if (target === undefined) continue
    const planned = await within(operation, async () => {
      if (operation.action === 'delete') return await plannedDelete(services, reader, target, operation.ifMatch)
      requireMatch(services, target, operation.ifMatch)
      const body = checkedResource(operation.resource, target.type)
      return await planWrite(services, reader, target, body, assigned, around)
    })
    if (planned === undefined) continue
    around.add(planned.draft.type, planned.draft.id, planned.draft.classification)
    if (options.keepUnchanged === true && (await isUnchanged(services, planned))) {
      unchanged.set(operation, planned)
      continue
    }
    writes.push(planned)
    writeOf.set(operation, planned)
  }
  await requireReadable(operations, assigned.references, dispatch)
  const settled = spreadLabels(services, writes, around)
  const committed = settled.length === 0 ? undefined : await commit(services, reader, settled)
  const answers: ResponseItem[] = []
  for (const operation of operations) {
    const write = writeOf.get(operation)
    const kept = unchanged.get(operation)
    if (kept !== undefined) {
      answers[operation.index] = { status: 304, version: String(kept.draft.version - 1) }
      continue
    }
    answers[operation.index] =
      write !== undefined && committed !== undefined
        ? itemOf(operation.action === 'delete' ? { status: 204, etag: `W/"${write.draft.version}"` } : await writeResponse(services, write, committed, {}))
        : await unwritten(operation, dispatch)
  }
  return {
    status: 200,
    resource: transactionResponse(answers),
    ...(committed === undefined ? {} : { receipt: receiptOf(services.engine, committed) }),
  }
}

async function targetOf(services: Services, reader: Reader, operation: PlannedOperation): Promise<Target | undefined> {
  const { type, id } = operation
  if (type === undefined || id === undefined) return undefined
  if (operation.action === 'create' && operation.method === 'PUT' && operation.entry.resource?.['id'] === id) return await chosenTarget(services, reader, type, id)
  if (operation.action === 'create') return { type, id }
  if (operation.action === 'update') return await updateTarget(services, reader, type, id)
  if (operation.action === 'delete') return { type, id: canonicalFor(services, reader, type, id) }
  return undefined
}

function assignedBy(operations: readonly PlannedOperation[], targets: ReadonlyMap<PlannedOperation, Target>): Pick<Assigned, 'references' | 'patients'> {
  const references = new Map<string, string>()
  const patients = new Set<string>()
  for (const operation of operations) {
    const target = targets.get(operation)
    if (target === undefined || operation.action === 'delete') continue
    references.set(`${target.type}/${target.id}`, target.id)
    if (target.localId !== undefined) references.set(`${target.type}/${target.localId}`, target.id)
    if (target.type === 'Patient') patients.add(target.id)
  }
  return { references, patients }
}

/** What no transaction can carry out fails it before anything is looked at. */
function requireSupported(operation: PlannedOperation): void {
  if (operation.action === 'patch') throw new GatewayError('ERR_GATEWAY_METHOD', 'PATCH is not supported; send the whole resource with PUT')
  if (operation.action === 'none' && operation.entry.target.kind === 'other') throw notInBundle()
}

/** A read that fails, fails the transaction while nothing is written yet. What the transaction itself writes is read later. */
async function requireReadable(operations: readonly PlannedOperation[], written: ReadonlyMap<string, string>, dispatch: Dispatch): Promise<void> {
  for (const operation of operations) {
    if (operation.action !== 'read' || written.has(`${operation.type}/${operation.id}`)) continue
    await within(operation, async () => await dispatch(requestOf(operation.entry)))
  }
}

async function unwritten(operation: PlannedOperation, dispatch: Dispatch): Promise<ResponseItem> {
  const { action, entry, type, id } = operation
  if (action !== 'exists' && action !== 'read') return { status: 204 }
  const request = action === 'read' ? requestOf(entry) : { method: 'GET', path: [type as string, id as string], query: [] }
  try {
    return itemOf(await dispatch(request))
  } catch (error) {
    return failureOf(error)
  }
}

/** Says which entry a transaction failed at. */
async function within<T>(operation: PlannedOperation, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const at = `Bundle.entry[${operation.index}]`
    const problems = (error.problems.length > 0 ? error.problems : [{ code: 'processing', diagnostics: error.message }]).map((problem) => ({
      ...problem,
      expression: problem.expression === undefined ? at : `${at}.resource${problem.expression.replace(/^[A-Za-z]+/, '')}`,
    }))
    throw new GatewayError(error.code, error.message, { problems, cause: error })
  }
}

function requestOf(entry: BundleEntry): FhirRequest {
  const { target } = entry
  const path = target.kind === 'other' ? target.path.split('/') : target.kind === 'type' ? [target.type] : [target.type, target.id, ...(target.version === undefined ? [] : ['_history', target.version])]
  return {
    method: entry.method,
    path,
    query: [...new URLSearchParams(target.query ?? '')],
    ...(entry.resource === undefined ? {} : { body: entry.resource }),
    ...(entry.ifMatch === undefined ? {} : { ifMatch: entry.ifMatch }),
    ...(entry.ifNoneMatch === undefined ? {} : { ifNoneMatch: entry.ifNoneMatch }),
    ...(entry.ifNoneExist === undefined ? {} : { ifNoneExist: entry.ifNoneExist }),
  }
}

function itemOf(response: FhirResponse): ResponseItem {
  const version = versionOfEtag(response.etag)
  const resource = resourceOf(response)
  return {
    status: response.status,
    ...(resource === undefined ? {} : { resource }),
    ...(response.location === undefined ? {} : { location: response.location }),
    ...(version === undefined ? {} : { version }),
    ...(response.lastModified === undefined ? {} : { lastModified: response.lastModified }),
  }
}

/** Patients first, since labels may depend on their age; a Provenance after its targets. */
function placeOf({ type }: PlannedOperation): number {
  return type === 'Patient' ? 0 : type === 'Provenance' ? 2 : 1
}

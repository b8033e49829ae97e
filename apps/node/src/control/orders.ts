import { randomBytes } from 'node:crypto'
import { derivedId, fromHex, toHex, type Handle, type Message, type ObjectId, type RuleTerms } from '@chiron/protocol'
import { consent, network } from '@chiron/ledger'
import { GatewayError } from '../gateway/errors.ts'
import { submitMessages, validUntilFrom, type Signer } from '../ledger/submitter.ts'
import { limitsOf, termsOf } from '../patients/terms-in-names.ts'
import type { RequestOf, ResponseOf } from './api.ts'
import type { ControlDependencies } from './dependencies.ts'
import { gatewayNamed, memberNamed, organisationNamed, patientNamed } from './lookups.ts'
import type { OrderRow } from './order-operations.ts'
import { termsNamed } from './terms.ts'

const objectId = (text: string): ObjectId => fromHex(text) as ObjectId

/** No patient's handle: terms about everybody name nothing that depends on one. */
const NOBODY = new Uint8Array(32) as Uint8Array as Handle

export async function make(dependencies: ControlDependencies, request: RequestOf<'order'>): Promise<OrderRow> {
  const { desk, engine } = dependencies
  const authority = organisationNamed(dependencies, request.organisation)
  const handle = handleOf(dependencies, request.patient)
  if (handle === null && request.categories.length + request.labels.length + request.records.length > 0) throw ofOnePatient()
  if (handle === null && request.data !== undefined) throw ofOnePatient()
  const until = request.forMs === null ? null : desk.timeMs() + request.forMs
  const terms = termsOf(vocabularyOf(dependencies), handle ?? NOBODY, { ...termsNamed(dependencies, request), overrides: null }, engine.status().timeMs, until)
  const committed = await submit(dependencies, authority, { type: 'consent.order', salt: randomBytes(16), patient: handle, terms, basis: fromHex(request.basis) })
  const id = derivedId(committed.txId, 0)
  return rowOf(dependencies, handle, id, consent.order(engine.state, handle, id) as consent.OrderRecord, null)
}

export async function lift(dependencies: ControlDependencies, request: RequestOf<'liftOrder'>): Promise<ResponseOf<'liftOrder'>> {
  const signer = organisationNamed(dependencies, request.organisation)
  const patient = handleOf(dependencies, request.patient)
  const { timeMs } = await submit(dependencies, signer, { type: 'consent.liftOrder', salt: randomBytes(16), patient, order: objectId(request.order) })
  return { order: request.order, atMs: timeMs }
}

/** Orders about a patient, or about everybody; also those that ended, newest first. */
export function list(dependencies: ControlDependencies, { patient }: RequestOf<'orders'>): ResponseOf<'orders'> {
  const { state } = dependencies.engine
  const handle = handleOf(dependencies, patient ?? null)
  const current = [...consent.ordersOf(state, handle)].map(([id, order]) => ({ at: order.sinceMs, row: rowOf(dependencies, handle, id, order, null) }))
  const ended = [...consent.endedOrdersOf(state, handle)].map(([id, order]) => ({ at: order.sinceMs, row: rowOf(dependencies, handle, id, order, order.liftedBy === null ? 'ended' : 'lifted') }))
  return { orders: [...current, ...ended].toSorted((a, b) => b.at - a.at).map(({ row }) => row) }
}

/** Governance makes an organisation an authority, for a time. */
export async function authorise(dependencies: ControlDependencies, request: RequestOf<'authorise'>): Promise<ResponseOf<'authorise'>> {
  const { engine, gateways, desk } = dependencies
  const subject = memberNamed(dependencies, request.organisation)
  const governor = [...gateways.keys()].map((name) => organisationNamed(dependencies, name)).find(({ did }) => network.isGovernor(engine.state, did))
  if (governor === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'this node serves nobody who governs the network')
  const until = desk.timeMs() + request.forMs
  await submit(dependencies, governor, { type: 'identity.attest', salt: randomBytes(16), subject, role: request.role, until })
  return { organisation: request.organisation, untilMs: until }
}

function rowOf(dependencies: ControlDependencies, handle: Handle | null, id: ObjectId, { authority, terms, basis }: consent.OrderRecord, over: 'ended' | 'lifted' | null): OrderRow {
  const { desk } = dependencies
  const named = (tags: RuleTerms['categories']): string[] => tags.map((tag) => (handle === null ? toHex(tag) : desk.tagName(handle, tag)))
  const now = desk.timeMs()
  const status = over ?? (terms.until !== null && now >= terms.until ? 'ended' : now < terms.from ? 'not-yet' : 'in-force')
  return {
    order: toHex(id),
    isAboutAll: handle === null,
    authority: desk.display(authority),
    effect: terms.effect,
    to: desk.granteeName(terms.grantee),
    purposes: [...terms.purposes],
    categories: named(terms.categories),
    labels: named(terms.labels),
    records: terms.records.map(toHex),
    limits: limitsOf(vocabularyOf(dependencies), handle ?? NOBODY, terms),
    actions: [...terms.actions],
    fromMs: terms.from,
    untilMs: terms.until,
    status,
    basis: toHex(basis),
  }
}

function handleOf(dependencies: ControlDependencies, patient: string | null): Handle | null {
  return patient === null ? null : dependencies.desk.handle(patientNamed(dependencies, patient))
}

function vocabularyOf(dependencies: ControlDependencies) {
  return gatewayNamed(dependencies, undefined).services.vocabulary
}

async function submit({ engine, now }: ControlDependencies, signer: Signer, message: Message) {
  return await submitMessages(engine, signer, [message], validUntilFrom(engine, now()))
}

function ofOnePatient(): GatewayError {
  return new GatewayError('ERR_GATEWAY_INVALID', 'an order about everybody names no categories, labels, records or days: those are different for every patient')
}

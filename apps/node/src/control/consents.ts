import { fromHex, toHex, type Grantee, type ObjectId } from '@chiron/protocol'
import { access, consent } from '@chiron/ledger'
import { randomBytes } from 'node:crypto'
import { submitMessages, validUntilFrom } from '../ledger/submitter.ts'
import { GatewayError } from '../gateway/errors.ts'
import type { RequestOf, ResponseOf } from './api.ts'
import type { ControlDependencies } from './dependencies.ts'
import { memberNamed, organisationNamed, patientNamed, userNamed } from './lookups.ts'
import { termsNamed } from './terms.ts'

const objectId = (text: string): ObjectId => fromHex(text) as ObjectId

export async function grant(dependencies: ControlDependencies, request: RequestOf<'grant'>): Promise<ResponseOf<'grant'>> {
  const patientId = patientNamed(dependencies, request.patient)
  const { rule, untilMs } = await dependencies.desk.grant(patientId, {
    ...termsNamed(dependencies, request),
    overrides: request.overrides === null ? null : objectId(request.overrides),
    absolute: request.absolute,
  })
  return { rule: toHex(rule), untilMs }
}

export async function revoke(dependencies: ControlDependencies, request: RequestOf<'revoke'>): Promise<ResponseOf<'revoke'>> {
  const { timeMs } = await dependencies.desk.revoke(patientNamed(dependencies, request.patient), objectId(request.rule))
  return { rule: request.rule, atMs: timeMs }
}

export async function ask(dependencies: ControlDependencies, request: RequestOf<'ask'>): Promise<ResponseOf<'ask'>> {
  const organisation = organisationNamed(dependencies, request.organisation)
  const user = userNamed(dependencies, request.organisation, request.user)
  const grantee: Grantee = request.wholeOrganisation ? { kind: 'organisation', did: organisation.did } : { kind: 'person', did: user.did }
  const id = await dependencies.desk.ask(organisation, patientNamed(dependencies, request.patient), { ...request, reader: user.did, grantee })
  return { request: toHex(id) }
}

export async function approve(dependencies: ControlDependencies, request: RequestOf<'approve'>): Promise<ResponseOf<'approve'>> {
  const id = objectId(request.request)
  const { rule, untilMs } = await dependencies.desk.approve(await patientOf(dependencies, id), id, {
    ...(request.categories === undefined ? {} : { categories: request.categories }),
    ...(request.forMs === undefined ? {} : { forMs: request.forMs }),
  })
  return { request: request.request, rule: toHex(rule), untilMs }
}

export async function deny(dependencies: ControlDependencies, request: RequestOf<'deny'>): Promise<ResponseOf<'deny'>> {
  const id = objectId(request.request)
  await dependencies.desk.deny(await patientOf(dependencies, id), id)
  return { request: request.request }
}

export function accesses({ desk, ...dependencies }: ControlDependencies, request: RequestOf<'accesses'>): ResponseOf<'accesses'> {
  const handle = desk.handle(patientNamed({ desk, ...dependencies }, request.patient))
  const now = desk.timeMs()
  const open = access.openAccessesOf(dependencies.engine.state, handle).filter((found) => access.isActive(found, now))
  return {
    accesses: open.map((found) => ({
      access: toHex(found.id),
      who: desk.display(found.reader, handle),
      organisation: desk.display(found.organisation),
      purpose: found.purpose,
      action: found.action,
      categories: found.categories.map((tag) => desk.tagName(handle, tag)),
      rules: found.rules.map(toHex),
      openedMs: found.openedMs,
      untilMs: found.untilMs,
    })),
  }
}

export async function closeAccess(dependencies: ControlDependencies, request: RequestOf<'closeAccess'>): Promise<ResponseOf<'closeAccess'>> {
  const { timeMs } = await dependencies.desk.closeAccess(patientNamed(dependencies, request.patient), objectId(request.access))
  return { access: request.access, atMs: timeMs }
}

export async function treat(dependencies: ControlDependencies, request: RequestOf<'treat'>): Promise<ResponseOf<'treat'>> {
  const { engine, desk, now } = dependencies
  const signer = organisationNamed(dependencies, request.organisation)
  const patient = desk.handle(patientNamed(dependencies, request.patient))
  // The contract counts 90 days from block time, which may lag behind the clock.
  const until = request.forMs > consent.MAX_TREATMENT_MS ? desk.timeMs() + request.forMs : Math.min(desk.timeMs() + request.forMs, engine.status().timeMs + consent.MAX_TREATMENT_MS)
  await submitMessages(engine, signer, [{ type: 'consent.registerTreatment', salt: randomBytes(16), patient, until }], validUntilFrom(engine, now()))
  return { organisation: request.organisation, untilMs: consent.treatment(engine.state, patient, signer.did)?.untilMs ?? until }
}

export async function contest(dependencies: ControlDependencies, request: RequestOf<'contest'>): Promise<ResponseOf<'contest'>> {
  const { timeMs } = await dependencies.desk.contest(patientNamed(dependencies, request.patient), memberNamed(dependencies, request.organisation))
  return { organisation: request.organisation, atMs: timeMs }
}

export function treatments(dependencies: ControlDependencies, request: RequestOf<'treatments'>): ResponseOf<'treatments'> {
  const { engine, desk } = dependencies
  const now = desk.timeMs()
  return {
    treatments: consent.treatmentsOf(engine.state, desk.handle(patientNamed(dependencies, request.patient))).map(({ organisation, sinceMs, untilMs, contestedMs }) => ({
      organisation: desk.display(organisation),
      sinceMs,
      untilMs,
      status: contestedMs !== null ? ('contested' as const) : now < untilMs ? ('in-force' as const) : ('ended' as const),
    })),
  }
}

/** The patient that a request is about, among those whose wallet this node holds. */
async function patientOf(dependencies: ControlDependencies, id: ObjectId): Promise<string> {
  const { handle } = dependencies.desk.request(id)
  const patientId = await dependencies.desk.patientIdOf(handle)
  if (patientId === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'this node holds no wallet of the patient who was asked')
  return patientId
}

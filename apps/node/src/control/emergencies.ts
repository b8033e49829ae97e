import { fromHex, type ObjectId } from '@chiron/protocol'
import type { Seeker } from '../gateway/access/access-service.ts'
import type { Emergencies } from '../gateway/access/emergencies.ts'
import { ensureDelegations } from '../ledger/delegations.ts'
import type { RequestOf } from './api.ts'
import type { ControlDependencies } from './dependencies.ts'
import type { EmergencyRow } from './emergency-operations.ts'
import { gatewayNamed, patientNamed, userNamed } from './lookups.ts'
import { requireSample } from './sessions.ts'

const objectId = (text: string): ObjectId => fromHex(text) as ObjectId

export async function declare(dependencies: ControlDependencies, request: RequestOf<'declareEmergency'>): Promise<EmergencyRow> {
  const patientId = patientNamed(dependencies, request.patient)
  const { emergencies, seeker } = await asUser(dependencies, request)
  return (await emergencies.declare(seeker, dependencies.desk.handle(patientId), request.patient, request.reason)).emergency
}

export async function confirm(dependencies: ControlDependencies, request: RequestOf<'confirmEmergency'>): Promise<EmergencyRow> {
  const { emergencies, seeker } = await asUser(dependencies, request)
  return await emergencies.confirm(seeker, objectId(request.emergency))
}

export async function review(dependencies: ControlDependencies, request: RequestOf<'reviewEmergency'>): Promise<EmergencyRow> {
  const { emergencies, seeker } = await asUser(dependencies, request)
  return await emergencies.review(seeker.did, objectId(request.emergency), request.outcome)
}

export async function contest(dependencies: ControlDependencies, request: RequestOf<'contestEmergency'>): Promise<EmergencyRow> {
  const patientId = patientNamed(dependencies, request.patient)
  await dependencies.desk.contestEmergency(patientId, objectId(request.emergency))
  return about(dependencies, patientId).find(({ emergency }) => emergency === request.emergency) as EmergencyRow
}

/** Every emergency about a patient, newest first. */
export function about(dependencies: ControlDependencies, patient: string): EmergencyRow[] {
  const handle = dependencies.desk.handle(patientNamed(dependencies, patient))
  return gatewayNamed(dependencies, undefined).services.emergencies.about(handle)
}

/** Acts as a user who signed in for treatment: on a sample network, where the node has everybody's keys. */
async function asUser(dependencies: ControlDependencies, { organisation, user }: { readonly organisation: string; readonly user: string }): Promise<{ readonly emergencies: Emergencies; readonly seeker: Seeker }> {
  requireSample(dependencies)
  const signer = userNamed(dependencies, organisation, user)
  const { services } = gatewayNamed(dependencies, organisation)
  await ensureDelegations(dependencies.engine, signer, [services.organisation.did], dependencies.now())
  return { emergencies: services.emergencies, seeker: { did: signer.did, purpose: 'TREAT' } }
}

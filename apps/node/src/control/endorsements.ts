import { ensureDelegations } from '../ledger/delegations.ts'
import type { RequestOf } from './api.ts'
import type { ControlDependencies } from './dependencies.ts'
import type { EndorsementRow } from './endorsement-operations.ts'
import { gatewayNamed, patientNamed, userNamed } from './lookups.ts'
import { requireSample } from './sessions.ts'

export async function endorse(dependencies: ControlDependencies, request: RequestOf<'endorse'>): Promise<EndorsementRow> {
  requireSample(dependencies)
  const patientId = patientNamed(dependencies, request.patient)
  const { services } = gatewayNamed(dependencies, request.organisation)
  const [endorser, reader] = [request.user, request.reader].map((user) => userNamed(dependencies, request.organisation, user)) as [ReturnType<typeof userNamed>, ReturnType<typeof userNamed>]
  for (const signer of [endorser, reader]) await ensureDelegations(dependencies.engine, signer, [services.organisation.did], dependencies.now())
  return await services.endorsements.endorse({ did: endorser.did, purpose: request.purpose }, reader.did, dependencies.desk.handle(patientId), request.forMs)
}

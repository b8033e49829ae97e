import { deciderFor } from '@chiron/ledger/decide'
import { noAccess } from '../fhir/absent.ts'
import { attemptedOn } from '../fhir/attempts.ts'
import type { FhirRequest } from '../fhir/request.ts'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'

/**
 * Refuses who may not ask for anything here now (tier 0), before anything is looked up: a token outlives a role or a
 * delegation, and a status or a total alone would tell. Decided about the organisation's own handle, which always exists.
 * The attempt is listed for whom it was about.
 * @throws GatewayError `ERR_GATEWAY_NO_ACCESS`
 */
export function requireStanding(services: Services, reader: Reader, request: FhirRequest): void {
  const { facts, organisation, access, refusals } = services
  const { did, purpose } = reader
  const snapshot = { reader: facts.reader(did, organisation.did), patient: facts.patient(organisation.handle) }
  const decide = deciderFor({ reader: did, organisation: organisation.did, purpose, action: 'read' }, snapshot, access.timeMs())
  if (decide({ kind: 'patient' }).code !== 'DENY_INVALID') return
  const { patients, action } = attemptedOn(services, reader, request)
  for (const patient of patients) refusals.add(patient, did, purpose, action)
  throw noAccess()
}

import type { Bundle, BundleEntry } from '@medplum/fhirtypes'
import { records } from '@chiron/ledger'
import { listReceipt, receiptToJson } from '@chiron/ledger/proofs'
import type { RequestOf, ResponseOf } from './api.ts'
import { GatewayError } from '../gateway/errors.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { ControlDependencies } from './dependencies.ts'
import { patientNamed } from './lookups.ts'
import { patientReader, requireSample } from './sessions.ts'

const PAGE = '1000'

/** Everything the patient may have: their records as they see them, the access list, and proof of the record list. */
export async function exportPatient(dependencies: ControlDependencies, request: RequestOf<'export'>): Promise<ResponseOf<'export'>> {
  requireSample(dependencies)
  const { desk, engine } = dependencies
  const patientId = patientNamed(dependencies, request.patient)
  const gateway = gatewayOfAuthor(dependencies, patientId)
  const reader = await patientReader(dependencies, patientId, gateway.services.organisation.did)
  const entries = new Map<string, BundleEntry>()
  let query: readonly (readonly [string, string])[] | undefined = [['_count', PAGE]]
  while (query !== undefined) {
    const { resource } = await gateway.handle(reader, { method: 'GET', path: ['Patient', patientId, '$everything'], query })
    const page = resource as Bundle
    for (const { fullUrl, resource: found } of page.entry ?? []) if (fullUrl !== undefined && found !== undefined) entries.set(fullUrl, { fullUrl, resource: found })
    const next = page.link?.find(({ relation }) => relation === 'next')?.url
    query = next === undefined ? undefined : [...new URL(next).searchParams]
  }
  for (const each of dependencies.gateways.values()) await each.flush()
  const bundle: Bundle = { resourceType: 'Bundle', type: 'collection', timestamp: new Date(engine.status().timeMs).toISOString(), entry: [...entries.values()] }
  const { app, signed } = engine.head()
  return {
    format: 'chiron/export/v1',
    patient: patientId,
    bundle: { ...bundle },
    audit: desk.audit(patientId),
    records: receiptToJson(listReceipt(engine.reader, { app, signed }, 'records', desk.handle(patientId))) as Record<string, unknown>,
  }
}

function gatewayOfAuthor({ gateways, engine }: ControlDependencies, patientId: string): Gateway {
  for (const gateway of gateways.values()) {
    const { vocabulary, organisation } = gateway.services
    if (records.recordHead(engine.state, vocabulary.record('Patient', patientId))?.author === organisation.did) return gateway
  }
  const [first] = gateways.values()
  if (first === undefined) throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'this node serves no organisation')
  return first
}

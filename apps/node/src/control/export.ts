import type { Bundle, BundleEntry } from '@medplum/fhirtypes'
import { recordDecider, records } from '@chiron/ledger'
import { listReceipt, receiptToJson, toBase64url } from '@chiron/ledger/proofs'
import { RecordFlag, toHex } from '@chiron/protocol'
import { mayShow } from '../gateway/access/obligations.ts'
import { sightOfPatients } from '../gateway/access/sight.ts'
import { openOrder } from '../gateway/custody.ts'
import { GatewayError } from '../gateway/errors.ts'
import { noAccess } from '../gateway/fhir/absent.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Reader } from '../gateway/reader.ts'
import { readContent } from '../gateway/records/content.ts'
import type { RequestOf, ResponseOf } from './api.ts'
import type { ControlDependencies } from './dependencies.ts'
import { patientNamed } from './lookups.ts'
import { patientReader, requireSample } from './sessions.ts'

type Proof = ResponseOf<'export'>['proofs'][number]

const BATCH = 1000

/**
 * Everything the patient may have: the newest version of every resource as it was sealed, with envelope and key to prove
 * it; the access list, in which this export is; and proof of the record list.
 */
export async function exportPatient(dependencies: ControlDependencies, request: RequestOf<'export'>): Promise<ResponseOf<'export'>> {
  requireSample(dependencies)
  const { desk, engine } = dependencies
  const patientId = patientNamed(dependencies, request.patient)
  const gateway = gatewayOfAuthor(dependencies, patientId)
  const reader = await patientReader(dependencies, patientId, gateway.services.organisation.did)
  const { entries, proofs } = await chartOf(gateway, reader, patientId)
  for (const each of dependencies.gateways.values()) await each.flush()
  const bundle: Bundle = { resourceType: 'Bundle', type: 'collection', timestamp: new Date(engine.status().timeMs).toISOString(), entry: entries }
  const { app, signed } = engine.head()
  return {
    format: 'chiron/export/v1',
    patient: patientId,
    bundle: { ...bundle },
    proofs,
    audit: desk.audit(patientId),
    records: receiptToJson(listReceipt(engine.reader, { app, signed }, 'records', desk.handle(patientId))) as Record<string, unknown>,
  }
}

async function chartOf(gateway: Gateway, reader: Reader, patientId: string): Promise<{ entries: BundleEntry[]; proofs: Proof[] }> {
  const { services } = gateway
  const handle = services.vocabulary.patientHandle(patientId)
  const access = (await sightOfPatients(services, reader, [patientId]))?.accesses.get(toHex(handle))
  if (access === undefined) throw noAccess()
  const decide = recordDecider(services.engine.state, { reader: reader.did, organisation: services.organisation.did, purpose: reader.purpose, action: 'read' }, services.access.timeMs())
  const heads = newestVersions(gateway, handle).filter(({ record }) => mayShow(decide(record)))
  const entries: BundleEntry[] = []
  const proofs: Proof[] = []
  for (let at = 0; at < heads.length; at += BATCH) {
    const batch = heads.slice(at, at + BATCH)
    const released = await services.custodian.release(access.id, reader.did, batch.map(openOrder))
    for (const [position, { envelope, key, content }] of released.entries()) {
      const head = batch[position] as records.RecordVersion
      const subject = head.subjects.find((candidate) => toHex(candidate.handle) === toHex(handle)) as records.RecordSubject
      const { resource } = readContent(content)
      entries.push({ fullUrl: `${services.baseUrl}/${resource.resourceType}/${resource.id}`, resource })
      proofs.push({ index: subject.index, subjects: head.subjects.map((each) => toHex(each.handle)), envelope: toBase64url(envelope), key: toBase64url(key) })
      services.displays.add({ patient: handle, access: access.id, category: subject.category, record: head.record, version: head.version, atMs: services.access.timeMs() })
    }
  }
  return { entries, proofs }
}

/** The newest version of every record of a patient that is not deleted, in the order of their first entries. */
function newestVersions(gateway: Gateway, handle: Parameters<typeof records.recordsOf>[1]): records.RecordVersion[] {
  const { state } = gateway.services.engine
  const heads = new Map<string, records.RecordVersion>()
  for (const [, { record }] of records.recordsOf(state, handle)) {
    const head = heads.has(toHex(record)) ? undefined : records.recordHead(state, record)
    if (head !== undefined && (head.flags & RecordFlag.tombstone) === 0) heads.set(toHex(record), head)
  }
  return [...heads.values()]
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

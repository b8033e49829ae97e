import type { Patient, Resource } from '@medplum/fhirtypes'
import { RecordFlag, toHex, type Handle, type RecordId } from '@chiron/protocol'
import { recordDecider, records } from '@chiron/ledger'
import { identityForm } from '@chiron/fhir'
import type { Display } from '../access/displays.ts'
import { isShared, type Sight } from '../access/sight.ts'
import { GatewayError } from '../errors.ts'
import type { IndexedRow } from '../index/port.ts'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { noAccess } from './absent.ts'
import { localised } from './references.ts'

/**
 * The one way out for what is stored. Every row is decided once more on the newest state, its patients' lists get an
 * access if there is none yet, and what is shown is noted for the report. A row that consent no longer covers stops the
 * whole answer.
 * @throws GatewayError `ERR_GATEWAY_UNAVAILABLE` when consent changed under way, or the view is not fresh;
 * `ERR_GATEWAY_NO_ACCESS` when the reader's role or delegation has ended
 */
export async function present(services: Services, reader: Reader, sight: Sight, rows: readonly IndexedRow[]): Promise<Resource[]> {
  const accesses = await listedAccesses(services, reader, sight, rows)
  const timeMs = services.access.timeMs()
  const request = { reader: reader.did, organisation: services.organisation.did, purpose: reader.purpose, action: 'read' as const }
  const decide = recordDecider(services.engine.state, request, timeMs)
  const displays: Display[] = []
  const resources = rows.map((row) => {
    const head = records.recordHead(services.engine.state, row.record as RecordId)
    if (head === undefined) throw changed()
    const decision = decide(head.record)
    if (decision.code === 'DENY_INVALID') throw noAccess()
    const internal = (head.flags & RecordFlag.internal) !== 0
    const permitted = internal ? row.authored && reader.patientId === undefined : decision.effect === 'permit'
    if (!permitted) throw changed()
    if (!row.authored && !services.engine.status().fresh) throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', "this node's view of the ledger is not fresh; try again in a moment")
    if (!isShared(head.flags)) {
      for (const { handle, category } of head.subjects) {
        const access = accesses.get(toHex(handle))
        if (access === undefined) throw changed()
        displays.push({ patient: handle, access, category, record: head.record, version: Number(row.version), atMs: timeMs })
      }
    }
    const resource = JSON.parse(row.json ?? '{}') as Resource
    return decision.obligations.includes('identity-only') && row.form === 0 ? (identityForm(resource as Patient) as Resource) : resource
  })
  for (const display of displays) services.displays.add(display)
  return await localised(services, resources)
}

/** Ids of the accesses under which the rows are shown; what the organisation authored is listed here, before it is shown. */
async function listedAccesses(services: Services, reader: Reader, sight: Sight, rows: readonly IndexedRow[]) {
  const accesses = new Map([...sight.accesses].map(([handle, access]) => [handle, access.id]))
  const unlisted = new Map<string, Handle>()
  for (const row of rows) {
    const head = records.recordHead(services.engine.state, row.record as RecordId)
    if (head === undefined || isShared(head.flags)) continue
    for (const { handle } of head.subjects) if (!accesses.has(toHex(handle))) unlisted.set(toHex(handle), handle)
  }
  if (unlisted.size === 0) return accesses
  const opened = await services.access.ensure({ did: reader.did, purpose: reader.purpose }, [...unlisted.values()], false)
  for (const [handle, access] of opened) accesses.set(handle, access.id)
  return accesses
}

function changed(): GatewayError {
  return new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'what may be shown changed while the answer was made; ask again')
}

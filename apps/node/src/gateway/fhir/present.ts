import type { Patient, Resource } from '@medplum/fhirtypes'
import { RecordFlag, toHex, type Handle, type RecordId, type Tag } from '@chiron/protocol'
import { recordDeciderFrom } from '@chiron/ledger'
import { identityForm } from '@chiron/fhir'
import type { Display } from '../access/displays.ts'
import { mayShow, tell } from '../access/obligations.ts'
import { isShared, type Sight } from '../access/sight.ts'
import { GatewayError } from '../errors.ts'
import type { IndexedRow } from '../index/port.ts'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { noAccess } from './absent.ts'
import { localisedTexts } from './localise.ts'

/** A row as the reader may have it. */
export interface Shown {
  readonly row: IndexedRow
  /** Id under which the organisation's clients know it. */
  readonly id: string
  /** JSON of the resource. */
  readonly text: string
}

/** As {@link shown}, parsed. */
export async function present(services: Services, reader: Reader, sight: Sight, rows: readonly IndexedRow[]): Promise<Resource[]> {
  return (await shown(services, reader, sight, rows)).map(({ text }) => JSON.parse(text) as Resource)
}

/**
 * The one way out for what is stored. Every row is decided once more on the newest state, its patients' lists get an
 * access if there is none yet, and what is shown is noted for the report. A row that consent no longer covers stops the
 * whole answer. What needs no change leaves as it was stored.
 * @throws GatewayError `ERR_GATEWAY_UNAVAILABLE` when consent changed under way, or the view is not fresh;
 * `ERR_GATEWAY_NO_ACCESS` when the reader's role or delegation has ended
 */
export async function shown(services: Services, reader: Reader, sight: Sight, rows: readonly IndexedRow[]): Promise<Shown[]> {
  const accesses = await listedAccesses(services, reader, sight, rows)
  const timeMs = services.access.timeMs()
  const request = { reader: reader.did, organisation: services.organisation.did, purpose: reader.purpose, action: 'read' as const }
  const decide = recordDeciderFrom(services.facts, request, timeMs)
  const displays: Display[] = []
  const texts = rows.map((row) => {
    const head = services.facts.head(row.record as RecordId)
    if (head === undefined) throw changed()
    const decision = decide(head.record)
    if (decision.code === 'DENY_INVALID') throw noAccess()
    const internal = (head.flags & RecordFlag.internal) !== 0
    const permitted = internal ? row.authored && reader.patientId === undefined : mayShow(decision)
    if (!permitted) throw changed()
    if (!row.authored && !services.engine.status().fresh) throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', "this node's view of the ledger is not fresh; try again in a moment")
    if (!isShared(head.flags)) {
      for (const { handle, category } of head.subjects) {
        const access = accesses.get(toHex(handle))
        if (access === undefined) throw changed()
        displays.push({ patient: handle, access, category, record: head.record, version: Number(row.version), atMs: timeMs })
      }
    }
    const text = row.json ?? '{}'
    const form = decision.obligations.includes('identity-only') && row.form === 0 ? JSON.stringify(identityForm(JSON.parse(text) as Patient)) : text
    const disclosed = reader.patientId === undefined && decision.code !== 'PERMIT_AUTHOR'
    return tell(form, decision.obligations, disclosed && isPart2(services, head.subjects))
  })
  for (const display of displays) services.displays.add(display)
  const local = await localisedTexts(services, rows, texts)
  return rows.map((row, index) => ({ row, ...(local[index] as (typeof local)[number]) }))
}

/** Ids of the accesses under which the rows are shown; what the organisation authored is listed here, before it is shown. */
async function listedAccesses(services: Services, reader: Reader, sight: Sight, rows: readonly IndexedRow[]): Promise<ReadonlyMap<string, Display['access']>> {
  const accesses = new Map<string, Display['access']>()
  const unlisted = new Map<string, Handle>()
  for (const row of rows) {
    const head = services.facts.head(row.record as RecordId)
    if (head === undefined || isShared(head.flags)) continue
    for (const { handle } of head.subjects) {
      const key = toHex(handle)
      const access = sight.accesses.get(key)
      if (access === undefined) unlisted.set(key, handle)
      else accesses.set(key, access.id)
    }
  }
  if (unlisted.size === 0) return accesses
  const opened = await services.access.ensure({ did: reader.did, purpose: reader.purpose }, [...unlisted.values()], false)
  for (const [handle, access] of opened) accesses.set(handle, access.id)
  return accesses
}

function isPart2({ vocabulary }: Services, subjects: readonly { readonly handle: Handle; readonly labels: readonly Tag[] }[]): boolean {
  return subjects.some(({ handle, labels }) => labels.some((tag) => vocabulary.names(handle).get(toHex(tag)) === 'substance-use'))
}

function changed(): GatewayError {
  return new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'what may be shown changed while the answer was made; ask again')
}

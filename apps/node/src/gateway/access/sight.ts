import { AUTHOR_PURPOSES } from '@chiron/ledger'
import { RecordFlag, toHex } from '@chiron/protocol'
import type { Visibility } from '../index/visibility.ts'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import type { OpenAccess } from './access-service.ts'

/** What one reader may see right now: the predicate of every query, and the accesses behind it. */
export interface Sight {
  readonly visibility: Visibility
  /** Open accesses by handle in hexadecimal. */
  readonly accesses: ReadonlyMap<string, OpenAccess>
}

/**
 * Opens the charts of the patients named, as far as decide() permits, and brings what they cover into the index.
 * Undefined when none of them is open to the reader.
 */
export async function sightOfPatients(services: Services, reader: Reader, patientIds: readonly string[]): Promise<Sight | undefined> {
  const seeker = { did: reader.did, purpose: reader.purpose }
  const byHandle = new Map(patientIds.map((id) => [toHex(services.vocabulary.patientHandle(id)), id]))
  const open = await services.access.ensure(seeker, patientIds.map((id) => services.vocabulary.patientHandle(id)))
  if (open.size === 0) return undefined
  for (const [handle, access] of open) {
    const id = byHandle.get(handle) as string
    services.access.remember(seeker, access.patient, id)
    await services.charts.load(seeker, access, id)
  }
  const patients = [...open.keys()].map((handle) => byHandle.get(handle) as string)
  const accesses = await loadRemembered(services, reader)
  return { visibility: { ...base(services, reader, accesses), patients }, accesses }
}

/** Rows authored here or open now; opens nothing. */
export async function sightOfOpen(services: Services, reader: Reader): Promise<Sight> {
  const accesses = await loadRemembered(services, reader)
  return { visibility: base(services, reader, accesses), accesses }
}

/** Every chart that the reader has open; a record about several patients needs the access to each. */
async function loadRemembered(services: Services, reader: Reader): Promise<Map<string, OpenAccess>> {
  const seeker = { did: reader.did, purpose: reader.purpose }
  const open = new Map<string, OpenAccess>()
  for (const { patient, patientId } of services.access.remembered(seeker)) {
    const access = services.access.current(seeker, patient)
    if (access === undefined) continue
    await services.charts.load(seeker, access, patientId)
    open.set(toHex(patient), access)
  }
  return open
}

function base(services: Services, reader: Reader, open: ReadonlyMap<string, OpenAccess>): Visibility {
  const isAuthor = reader.patientId === undefined && AUTHOR_PURPOSES.has(reader.purpose)
  const records = isAuthor ? services.narrowing.hiddenFrom({ did: reader.did, purpose: reader.purpose }) : []
  return {
    accesses: [...open.values()].map((access) => toHex(access.id)),
    authored: isAuthor ? 'all' : 'none',
    directory: true,
    ...(records.length === 0 ? {} : { narrowed: { records } }),
  }
}

export function isShared(flags: number): boolean {
  return (flags & (RecordFlag.directory | RecordFlag.internal)) !== 0
}


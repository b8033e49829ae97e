import { RecordFlag, toHex } from '@chiron/protocol'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import type { Sight } from './sights.ts'

export type { Sight }

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
  return services.sights.about(await services.sights.open(reader), patients)
}

/** Rows authored here or open now; opens nothing. */
export async function sightOfOpen(services: Services, reader: Reader): Promise<Sight> {
  return await services.sights.open(reader)
}

export function isShared(flags: number): boolean {
  return (flags & (RecordFlag.directory | RecordFlag.internal)) !== 0
}

import { recordDeciderFrom } from '@chiron/ledger'
import type { RecordId } from '@chiron/protocol'
import { sightOfOpen } from '../access/sight.ts'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { isServerId } from './ids.ts'

/**
 * Whether a reader may know that a resource (canonical id) was ever written: it is in their sight, a tombstone included.
 * Opens nothing. What a reader may not know of is to be treated as what is not there.
 */
export async function isKnown(services: Services, reader: Reader, type: string, id: string): Promise<boolean> {
  const head = services.facts.head(services.vocabulary.record(type, id))
  if (head === undefined) return false
  const { visibility } = await sightOfOpen(services, reader)
  if (head.author === services.organisation.did && visibility.authored === 'all' && visibility.narrowed === undefined) return true
  return (await services.index.read(type, id, visibility)) !== undefined
}

/** Whether consent lets a reader read a record, by decide() alone: whether or not its chart is open yet. */
export function mayRead(services: Services, reader: Reader, record: RecordId): boolean {
  const request = { reader: reader.did, organisation: services.organisation.did, purpose: reader.purpose, action: 'read' as const }
  return recordDeciderFrom(services.facts, request, services.access.timeMs())(record).effect === 'permit'
}

/**
 * What a reader's id means. Where a client chose an id that a server also gave to something else, because it did not know
 * of that, the reader who may read the other one gets that.
 */
export function canonicalFor(services: Services, reader: Reader, type: string, id: string): string {
  const canonical = services.ids.canonical(type, id)
  if (canonical === id || !isServerId(id)) return canonical
  const head = services.facts.head(services.vocabulary.record(type, id))
  return head !== undefined && mayRead(services, reader, head.record) ? id : canonical
}

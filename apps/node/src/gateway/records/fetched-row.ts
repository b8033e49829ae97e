import { RecordFlag, type Did } from '@chiron/protocol'
import { records, type StateReader } from '@chiron/ledger'
import type { RowUpsert } from '../index/port.ts'
import type { Content } from './content.ts'

/** The whole row of a committed version whose content was released, as the index of `organisation` keeps it. */
export function fetchedRow(state: StateReader, organisation: Did, version: records.RecordVersion, { resource, subjects }: Pick<Content, 'resource' | 'subjects'>): RowUpsert {
  return {
    record: version.record,
    type: resource.resourceType,
    id: resource.id as string,
    version: String(version.version),
    form: 0,
    authored: version.author === organisation,
    lastUpdatedMs: Date.parse(resource.meta?.lastUpdated ?? ''),
    subjects,
    current: records.recordHead(state, version.record)?.version === version.version,
    directory: (version.flags & RecordFlag.directory) !== 0,
    ...((version.flags & RecordFlag.tombstone) === 0 ? { resource } : {}),
  }
}

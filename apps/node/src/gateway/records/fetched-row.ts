import { RecordFlag, type Did, type RecordId } from '@chiron/protocol'
import type { records } from '@chiron/ledger'
import type { RowUpsert } from '../index/port.ts'
import type { Content } from './content.ts'

/** The whole row of a committed version whose content was released, as the index of `organisation` keeps it. `headOf`: the newest version of a record. */
export function fetchedRow(headOf: (record: RecordId) => records.RecordVersion | undefined, organisation: Did, version: records.RecordVersion, { resource, subjects }: Pick<Content, 'resource' | 'subjects'>): RowUpsert {
  return {
    record: version.record,
    type: resource.resourceType,
    id: resource.id as string,
    version: String(version.version),
    form: 0,
    authored: version.author === organisation,
    lastUpdatedMs: Date.parse(resource.meta?.lastUpdated ?? ''),
    subjects,
    current: headOf(version.record)?.version === version.version,
    directory: (version.flags & RecordFlag.directory) !== 0,
    ...((version.flags & RecordFlag.tombstone) === 0 ? { resource } : {}),
  }
}

import { concatBytes, didBytes, schema, utf8, type Did, type Handle } from '@chiron/protocol'
import * as v from 'valibot'
import type { StateReader, StateWriter } from '../../state/reader.ts'
import { didAt, snapshotTable } from '../table.ts'

const endorsementRecord = v.strictObject({ purpose: schema.purpose, endorser: schema.did, sinceMs: schema.timeMs, untilMs: schema.timeMs })
export type EndorsementRecord = v.InferOutput<typeof endorsementRecord>

/** Whose access is endorsed. */
export interface EndorsedSubject {
  readonly reader: Did
  readonly organisation: Did
  readonly purpose: string
}

export type Endorsement = EndorsedSubject & EndorsementRecord

const endorsements = snapshotTable('acc/c/', endorsementRecord, 'handle')

const subjectPart = ({ reader, organisation, purpose }: EndorsedSubject): Uint8Array => concatBytes(didBytes(reader), didBytes(organisation), utf8(purpose))

export const getEndorsement = (state: StateReader, handle: Handle, subject: EndorsedSubject): EndorsementRecord | undefined =>
  endorsements.get(state, handle, subjectPart(subject))
export const setEndorsement = (state: StateWriter, handle: Handle, { reader, organisation, ...record }: Endorsement): void =>
  endorsements.set(state, record, handle, subjectPart({ reader, organisation, purpose: record.purpose }))
export const deleteEndorsement = (state: StateWriter, handle: Handle, subject: EndorsedSubject): void =>
  endorsements.delete(state, handle, subjectPart(subject))

/** The newest endorsement of each subject, also those that ran out. */
export function* listEndorsements(state: StateReader, handle: Handle): Iterable<Endorsement> {
  for (const { key, value } of endorsements.list(state, handle)) yield { reader: didAt(key, 32), organisation: didAt(key, 52), ...value }
}

export function* listAllEndorsements(state: StateReader): Iterable<readonly [Handle, Endorsement]> {
  for (const { key, value } of endorsements.list(state)) {
    yield [key.slice(0, 32) as Handle, { reader: didAt(key, 32), organisation: didAt(key, 52), ...value }]
  }
}

/** Whole key of an endorsement's fact, for proofs. */
export const endorsementKey = (handle: Handle, subject: EndorsedSubject): Uint8Array => endorsements.key(handle, subjectPart(subject))

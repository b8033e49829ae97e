import { access, patientSnapshot, readerFacts, records, type DecisionFacts, type PatientSnapshot, type ReaderFacts } from '@chiron/ledger'
import { toHex, type Did, type Handle, type RecordId } from '@chiron/protocol'
import type { StateMemo } from './state-memo.ts'

/** Who reads through whom, for what, about whom. */
export type OpenSubject = Parameters<typeof access.findOpen>[1]

const READERS = 1000
const PATIENTS = 2000
const RECORDS = 20_000
const ACCESSES = 20_000

/** What a gateway asks of committed state again and again: read once, and anew when a block changed it. */
export class LedgerFacts implements DecisionFacts {
  readonly reader: (did: Did, organisation: Did) => ReaderFacts
  readonly patient: (handle: Handle) => PatientSnapshot
  readonly head: (record: RecordId) => records.RecordVersion | undefined
  /** Entries in the patient's list of records. */
  readonly recordCount: (handle: Handle) => number
  /** The access of a subject that is open until `untilMs`, which may have passed. */
  readonly open: (subject: OpenSubject) => access.Access | undefined
  readonly #versions: (record: RecordId, version: number) => records.RecordVersion | undefined
  readonly #memo: StateMemo

  constructor(memo: StateMemo) {
    this.#memo = memo
    this.reader = memo.table(READERS, (did: Did, organisation: Did) => `${did} ${organisation}`, readerFacts)
    this.patient = memo.table(PATIENTS, (handle: Handle) => toHex(handle), patientSnapshot)
    this.head = memo.table(RECORDS, (record: RecordId) => toHex(record), records.recordHead)
    this.#versions = memo.table(RECORDS, (record: RecordId, version: number) => `${toHex(record)} ${version}`, records.recordVersion)
    this.recordCount = memo.table(PATIENTS, (handle: Handle) => toHex(handle), (state, handle) => state.listSize('records', handle))
    this.open = memo.table(
      ACCESSES,
      ({ handle, reader, organisation, purpose, action }: OpenSubject) => `${toHex(handle)} ${reader} ${organisation} ${purpose} ${action}`,
      (state, subject) => access.findOpen(state, subject, 0),
    )
  }

  /** A version of a record: of most, the newest is asked for. */
  version(record: RecordId, version: number): records.RecordVersion | undefined {
    const head = this.head(record)
    return head === undefined || head.version === version ? head : this.#versions(record, version)
  }

  /** Grows whenever any of it may have changed. */
  get stateVersion(): number {
    return this.#memo.version
  }

  /** As {@link StateMemo.table}. */
  table: StateMemo['table'] = (limit, nameOf, compute) => this.#memo.table(limit, nameOf, compute)
}

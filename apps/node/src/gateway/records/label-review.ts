import { LABELS, RecordFlag, equalBytes, toHex, type Handle, type Label, type Message, type RecordDates, type RecordId } from '@chiron/protocol'
import { LABELS_VERSION } from '@chiron/fhir'
import { records } from '@chiron/ledger'
import type { Random } from '@chiron/vault'
import { LedgerRefusal } from '../../ledger/refusal.ts'
import { submitMessages, validUntilFrom, type Signer } from '../../ledger/submitter.ts'
import type { Services } from '../services.ts'
import { classify } from './classify.ts'
import { UnitSurroundings, type Surroundings } from './surroundings.ts'

/** What came out of comparing an organisation's records with the value sets in use. Counts only: nothing says whose. */
export interface LabelReview {
  /** Version of the value sets, one number for each. */
  readonly version: string
  /** Records of patients whose newest version the organisation authored. */
  readonly records: number
  /** How many of them lack a label, and how many lack each. */
  readonly lacking: number
  readonly labels: Readonly<Partial<Record<Label, number>>>
  /** How many were given what they lacked. */
  readonly labelled: number
  /** Records that lack labels and that the ledger took none for, since another organisation has continued them meanwhile. */
  readonly refused: number
  /** Records of which this index holds no version: they are not compared. */
  readonly unread: number
}

export interface ReviewProgress {
  readonly done: number
  readonly total: number
}

type ReviewServices = Pick<Services, 'engine' | 'index' | 'vocabulary' | 'organisation' | 'now'>

/** Messages that one ledger transaction takes. */
const BATCH = 64

/**
 * Compares what an organisation wrote with the value sets of today: every version that its index holds, as it would be
 * labelled if it were written now, and what it inherits from what it refers to. Labels are only ever found missing; what
 * a value set no longer lists stays labelled.
 */
export class LabelReviewer {
  readonly #services: ReviewServices
  /** Labels that were found missing, by `Type/id`: what refers to these inherits them. */
  readonly #found = new Map<string, Set<Label>>()
  readonly #seen = new Set<string>()
  readonly #lacking = new Map<string, Lacking>()
  readonly #unread = new Set<string>()

  constructor(services: ReviewServices) {
    this.#services = services
  }

  /** @throws IndexError */
  async review(onProgress: (progress: ReviewProgress) => void): Promise<LabelReview> {
    const { engine, organisation } = this.#services
    const handles = records.handlesAuthoredBy(engine.state, organisation.did)
    const total = handles.reduce((sum, handle) => sum + engine.state.listSize('records', handle), 0)
    // What was found missing may be inherited by what was looked at before.
    for (let isNew = true; isNew; ) {
      isNew = false
      let done = 0
      for (const handle of handles) {
        isNew = (await this.#compareAll(handle)) || isNew
        done += engine.state.listSize('records', handle)
        onProgress({ done: Math.min(done, total), total })
      }
    }
    return this.#summary(0, 0)
  }

  /**
   * As {@link review}; then gives the records what they lack, in ledger transactions that the patients' lists show. What
   * was done before it broke off stays done, and is not found missing again.
   * @throws EngineError
   */
  async apply(dependencies: { readonly signer: Signer; readonly random: Random }, onProgress: (progress: ReviewProgress) => void): Promise<LabelReview> {
    await this.review(onProgress)
    const all = [...this.#lacking.values()]
    let [labelled, refused] = [0, 0]
    for (let at = 0; at < all.length; ) {
      const batch: Lacking[] = []
      for (let size = 0; at < all.length && size + (all[at] as Lacking).subjects.length <= BATCH; at++) {
        batch.push(all[at] as Lacking)
        size += (all[at] as Lacking).subjects.length
      }
      const given = await this.#give(dependencies, batch)
      labelled += given
      refused += batch.length - given
      onProgress({ done: at, total: all.length })
    }
    return this.#summary(labelled, refused)
  }

  #summary(labelled: number, refused: number): LabelReview {
    const lacking = [...this.#lacking.values()]
    const labels = Object.fromEntries(LABELS.flatMap((label) => {
      const count = lacking.filter((each) => each.labels.has(label)).length
      return count === 0 ? [] : [[label, count]]
    }))
    return { version: LABELS_VERSION, records: this.#seen.size, lacking: lacking.length, labels, labelled, refused, unread: this.#unread.size }
  }

  /** Until nothing new is found among one patient's records. */
  async #compareAll(handle: Handle): Promise<boolean> {
    const { engine, vocabulary, index } = this.#services
    const known = new Map<string, RecordId>()
    for (const [, { record }] of records.recordsOf(engine.state, handle)) known.set(toHex(record), record)
    const around = new Inheritance(new UnitSurroundings({ state: engine.state, vocabulary, index }), (reference) => this.#labelsOf(reference))
    let isAnyNew = false
    for (let isNew = true; isNew; ) {
      isNew = false
      for (const record of known.values()) isNew = (await this.#compare(handle, record, around)) || isNew
      isAnyNew ||= isNew
    }
    return isAnyNew
  }

  /** Whether labels were found missing that were not known to be. A record about several stands in the list of each. */
  async #compare(handle: Handle, record: RecordId, around: Inheritance): Promise<boolean> {
    const { engine, index, organisation, vocabulary } = this.#services
    const head = records.recordHead(engine.state, record)
    const first = head?.subjects[0]
    if (head === undefined || first === undefined || head.author !== organisation.did || !equalBytes(first.handle, handle)) return false
    if ((head.flags & (RecordFlag.directory | RecordFlag.internal)) !== 0) return false
    const name = toHex(record)
    this.#seen.add(name)
    const versions = (await index.rowsOf({ record })).filter((row) => row.form === 0 && row.json !== undefined)
    if (versions.length === 0) this.#unread.add(name)
    const wanted = new Set<Label>()
    let reference = ''
    for (const { type, id, json } of versions) {
      reference = `${type}/${id}`
      const resource = JSON.parse(json as string) as { readonly resourceType: string }
      await around.prepare(resource)
      for (const label of classify(resource, vocabulary, organisation.handle, around).labels) wanted.add(label)
    }
    const lacking = new Set<Label>()
    for (const { handle: subject } of head.subjects) {
      const { given } = records.labelSetsOf(engine.state, subject, record)
      for (const label of wanted) if (!given.some((tag) => equalBytes(tag, vocabulary.label(subject, label)))) lacking.add(label)
    }
    const before = this.#lacking.get(name)?.labels.size ?? 0
    if (lacking.size <= before) return false
    this.#lacking.set(name, { record, subjects: head.subjects.map((each) => each.handle), labels: lacking })
    this.#found.set(reference, lacking)
    return true
  }

  /** Those that authors gave a record, and those that it was found to lack. What the patient put on is the patient's to spread. */
  #labelsOf(reference: string): readonly Label[] {
    const { engine, vocabulary } = this.#services
    const [type = '', id = ''] = reference.split('/')
    const record = vocabulary.record(type, id)
    const subjects = records.recordHead(engine.state, record)?.subjects ?? []
    const names = new Set<string>(this.#found.get(reference))
    for (const { handle } of subjects) {
      const known = vocabulary.names(handle)
      for (const tag of records.labelSetsOf(engine.state, handle, record).given) names.add(known.get(toHex(tag)) ?? '')
    }
    return LABELS.filter((label) => names.has(label))
  }

  /** How many of the records were given what they lack: all in one transaction, or else each that the ledger takes. */
  async #give(dependencies: { readonly signer: Signer; readonly random: Random }, batch: readonly Lacking[]): Promise<number> {
    const { engine, vocabulary, now } = this.#services
    const messages = batch.flatMap(({ record, subjects, labels }) =>
      subjects.map((subject): Message => ({
        type: 'records.label', salt: dependencies.random(16), record, subject, labels: [...labels].map((label) => vocabulary.label(subject, label)), change: 'add',
      })),
    )
    try {
      await submitMessages(engine, dependencies.signer, messages, validUntilFrom(engine, now()))
      return batch.length
    } catch (error) {
      if (!(error instanceof LedgerRefusal)) throw error
      if (batch.length === 1) return 0
      let given = 0
      for (const each of batch) given += await this.#give(dependencies, [each])
      return given
    }
  }
}

interface Lacking {
  readonly record: RecordId
  readonly subjects: readonly Handle[]
  readonly labels: ReadonlySet<Label>
}

/** What surrounds a record, with labels as the review has them. */
class Inheritance implements Surroundings {
  readonly #around: UnitSurroundings
  readonly labelsOf: (reference: string) => readonly Label[]

  constructor(around: UnitSurroundings, labelsOf: (reference: string) => readonly Label[]) {
    this.#around = around
    this.labelsOf = labelsOf
  }

  async prepare(resource: object): Promise<void> {
    await this.#around.prepare(resource)
  }

  patientsOf(reference: string): readonly string[] {
    return this.#around.patientsOf(reference)
  }

  categoryOf(reference: string): ReturnType<Surroundings['categoryOf']> {
    return this.#around.categoryOf(reference)
  }

  datesOf(reference: string, handle: Handle): RecordDates | null {
    return this.#around.datesOf(reference, handle)
  }

  birthDateOf(patientId: string): string | undefined {
    return this.#around.birthDateOf(patientId)
  }
}

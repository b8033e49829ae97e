import { dependsOnAge, subjectsOf } from '@chiron/fhir'
import { records, type StateReader } from '@chiron/ledger'
import type { Category, Handle, Label, RecordDates } from '@chiron/protocol'
import { LABELS, equalBytes, toHex } from '@chiron/protocol'
import type { IndexStore } from '../index/port.ts'
import type { Vocabulary } from '../vocabulary.ts'

/** References of a Provenance to its targets, as `Type/id`; none for other types. */
export function targetsOf(resource: object): string[] {
  const { resourceType, target } = resource as { resourceType?: string; target?: readonly { reference?: string }[] }
  if (resourceType !== 'Provenance') return []
  return (target ?? []).flatMap(({ reference }) => reference?.split('/_history/')[0] ?? [])
}

/** What classification has to know of the resources that one refers to, by `Type/id` with canonical ids. */
export interface Surroundings {
  /** Ids of the patients that the target of a Provenance is about; known of those that were prepared. */
  patientsOf(reference: string): readonly string[]
  categoryOf(reference: string): Category | undefined
  labelsOf(reference: string): readonly Label[]
  /** Its shifted days for one subject; null where it has none, or is not about that subject. */
  datesOf(reference: string, handle: Handle): RecordDates | null
  /** A patient's birth date as FHIR has it; undefined when it is not known here. */
  birthDateOf(patientId: string): string | undefined
}

/** How a resource of the same unit is classified. */
interface InUnit {
  readonly patients: readonly string[]
  readonly category: Category
  readonly labels: readonly Label[]
  readonly subjects: readonly { readonly handle: Handle; readonly dates: RecordDates | null }[]
}

interface Born {
  readonly resourceType?: string
  readonly id?: string
  readonly birthDate?: string
}

/** What stands on the ledger, and what the unit at hand adds to it. */
export class UnitSurroundings implements Surroundings {
  readonly #state: StateReader
  readonly #vocabulary: Vocabulary
  readonly #unit = new Map<string, InUnit>()
  readonly #index: IndexStore
  readonly #stored = new Map<string, readonly Label[]>()
  readonly #patients = new Map<string, readonly string[]>()
  readonly #births = new Map<string, string | undefined>()

  constructor(dependencies: { state: StateReader; vocabulary: Vocabulary; index: IndexStore }) {
    this.#state = dependencies.state
    this.#vocabulary = dependencies.vocabulary
    this.#index = dependencies.index
  }

  /**
   * Looks up what classification will ask and the ledger does not know: whom the targets of a Provenance are about, and
   * when a patient was born where a label depends on it.
   */
  async prepare(resource: object): Promise<void> {
    for (const reference of targetsOf(resource)) {
      if (this.#unit.has(reference) || this.#patients.has(reference)) continue
      const target = await this.#newest(reference)
      this.#patients.set(reference, target === undefined ? [] : subjectsOf(target))
    }
    const { resourceType, id, birthDate } = resource as Born
    if (resourceType === 'Patient' && id !== undefined) this.#births.set(id, birthDate)
    if (!dependsOnAge(resource)) return
    for (const patient of subjectsOf(resource)) {
      if (!this.#births.has(patient)) this.#births.set(patient, (await this.#newest(`Patient/${patient}`) as Born | undefined)?.birthDate)
    }
  }

  birthDateOf(patientId: string): string | undefined {
    return this.#births.get(patientId)
  }

  patientsOf(reference: string): readonly string[] {
    return this.#unit.get(reference)?.patients ?? this.#patients.get(reference) ?? []
  }

  add(type: string, id: string, classified: InUnit): void {
    this.#unit.set(`${type}/${id}`, classified)
  }

  categoryOf(reference: string): Category | undefined {
    const known = this.#unit.get(reference)
    if (known !== undefined) return known.category
    const [subject] = this.#head(reference)?.subjects ?? []
    return subject === undefined ? undefined : this.#vocabulary.categoryName(subject.handle, subject.category)
  }

  labelsOf(reference: string): readonly Label[] {
    const known = this.#unit.get(reference)
    if (known !== undefined) return known.labels
    let stored = this.#stored.get(reference)
    if (stored === undefined) {
      stored = this.#storedLabels(reference)
      this.#stored.set(reference, stored)
    }
    return stored
  }

  datesOf(reference: string, handle: Handle): RecordDates | null {
    const subjects = this.#unit.get(reference)?.subjects ?? this.#head(reference)?.subjects ?? []
    return subjects.find((subject) => equalBytes(subject.handle, handle))?.dates ?? null
  }

  #storedLabels(reference: string): readonly Label[] {
    const names = (this.#head(reference)?.subjects ?? []).flatMap(({ handle, labels }) => {
      const known = this.#vocabulary.names(handle)
      return labels.map((label) => known.get(toHex(label)))
    })
    return LABELS.filter((label) => names.includes(label))
  }

  async #newest(reference: string): Promise<object | undefined> {
    const head = this.#head(reference)
    const rows = head === undefined ? [] : await this.#index.rowsOf({ record: head.record, version: String(head.version), form: 0 })
    return rows[0]?.json === undefined ? undefined : (JSON.parse(rows[0].json) as object)
  }

  #head(reference: string): records.RecordVersion | undefined {
    const [type, id] = reference.split('/')
    return type === undefined || id === undefined ? undefined : records.recordHead(this.#state, this.#vocabulary.record(type, id))
  }
}

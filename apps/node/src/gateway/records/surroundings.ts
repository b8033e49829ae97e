import { records, type StateReader } from '@chiron/ledger'
import type { Category, Label } from '@chiron/protocol'
import { LABELS, toHex } from '@chiron/protocol'
import type { Vocabulary } from '../vocabulary.ts'

/** What classification has to know of the resources that one refers to, by `Type/id` with canonical ids. */
export interface Surroundings {
  categoryOf(reference: string): Category | undefined
  labelsOf(reference: string): readonly Label[]
}

/** How a resource of the same unit is classified. */
interface InUnit {
  readonly category: Category
  readonly labels: readonly Label[]
}

/** What stands on the ledger, and what the unit at hand adds to it. */
export class UnitSurroundings implements Surroundings {
  readonly #state: StateReader
  readonly #vocabulary: Vocabulary
  readonly #unit = new Map<string, InUnit>()
  readonly #stored = new Map<string, readonly Label[]>()

  constructor(dependencies: { state: StateReader; vocabulary: Vocabulary }) {
    this.#state = dependencies.state
    this.#vocabulary = dependencies.vocabulary
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

  #storedLabels(reference: string): readonly Label[] {
    const names = (this.#head(reference)?.subjects ?? []).flatMap(({ handle, labels }) => {
      const known = this.#vocabulary.names(handle)
      return labels.map((label) => known.get(toHex(label)))
    })
    return LABELS.filter((label) => names.includes(label))
  }

  #head(reference: string): records.RecordVersion | undefined {
    const [type, id] = reference.split('/')
    return type === undefined || id === undefined ? undefined : records.recordHead(this.#state, this.#vocabulary.record(type, id))
  }
}

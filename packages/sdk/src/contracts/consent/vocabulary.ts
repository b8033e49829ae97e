import { CATEGORIES, dateOf, dayOf, equalBytes, LABELS, tagOf, type Category, type Label, type Tag } from '@chiron/protocol'
import { SdkError } from '../../errors.ts'

/**
 * The words of one patient: categories and labels are written on the ledger as tags under that patient's key (32 bytes,
 * SPEC-TAG-2), which the patient's own organisation hands out.
 */
export class Vocabulary {
  readonly #tagKey: Uint8Array
  readonly #categories: readonly (readonly [Category, Tag])[]
  readonly #labels: readonly (readonly [Label, Tag])[]

  constructor(tagKey: Uint8Array) {
    this.#tagKey = tagKey
    this.#categories = CATEGORIES.map((name) => [name, tagOf(tagKey, 'category', name)] as const)
    this.#labels = LABELS.map((name) => [name, tagOf(tagKey, 'label', name)] as const)
  }

  /** @throws SdkError `ERR_SDK_MESSAGE` for a name that is no category: a rule without categories would cover all of them */
  categories(names: readonly Category[]): Tag[] {
    return names.map((name) => tagNamed(this.#categories, name))
  }

  /** @throws SdkError `ERR_SDK_MESSAGE` for a name that is no label */
  labels(names: readonly Label[]): Tag[] {
    return names.map((name) => tagNamed(this.#labels, name))
  }

  /**
   * A date (`YYYY-MM-DD`) as the shifted day that stands on the ledger. SPEC-TAG-3.
   * @throws ProtocolError `ERR_PROTOCOL_ENCODING` for what is no date
   */
  day(isoDate: string): number {
    return dayOf(this.#tagKey, isoDate)
  }

  /** The date of a shifted day of this patient. @throws ProtocolError `ERR_PROTOCOL_ENCODING` for another's */
  dateOf(day: number): string {
    return dateOf(this.#tagKey, day)
  }

  /** The category or label that a tag stands for; undefined for another patient's. */
  wordOf(tag: Uint8Array): Category | Label | undefined {
    return [...this.#categories, ...this.#labels].find(([, known]) => equalBytes(known, tag))?.[0]
  }
}

function tagNamed(words: readonly (readonly [string, Tag])[], name: string): Tag {
  const found = words.find(([word]) => word === name)
  if (found === undefined) throw new SdkError('ERR_SDK_MESSAGE', 'not a category or label')
  return found[1]
}

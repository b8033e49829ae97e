import {
  CATEGORIES, LABELS, dayOf, handleOf, patientTagKey, recordIdOf, tagOf, toHex,
  type Category, type Handle, type RecordId, type Tag,
} from '@chiron/protocol'

/** Names behind a patient's tags, by the tag's hexadecimal form. */
export type TagNames = ReadonlyMap<string, string>

/**
 * Turns what clients speak of (Patient ids, types, categories, labels) into what the ledger knows (handles, record ids,
 * tags), under the network's vocabulary key (32 bytes, known to members).
 */
export class Vocabulary {
  readonly #key: Uint8Array
  readonly #handles = new Map<string, Handle>()
  readonly #records = new Map<string, RecordId>()
  readonly #tags = new Map<string, Tag>()
  readonly #names = new Map<string, TagNames>()
  readonly #epochs = new Map<string, number>()

  constructor(key: Uint8Array) {
    this.#key = key
  }

  patientHandle(patientId: string): Handle {
    const known = this.#handles.get(patientId)
    if (known !== undefined) return known
    const handle = handleOf(this.#key, patientId)
    remember(this.#handles, patientId, handle)
    return handle
  }

  record(type: string, id: string): RecordId {
    const name = `${type}/${id}`
    const known = this.#records.get(name)
    if (known !== undefined) return known
    const record = recordIdOf(this.#key, type, id)
    remember(this.#records, name, record)
    return record
  }

  tagKey(handle: Handle): Uint8Array {
    return patientTagKey(this.#key, handle)
  }

  category(handle: Handle, name: string): Tag {
    return this.#tag(handle, 'category', name)
  }

  label(handle: Handle, name: string): Tag {
    return this.#tag(handle, 'label', name)
  }

  #tag(handle: Handle, kind: 'category' | 'label', name: string): Tag {
    const id = `${toHex(handle)} ${kind} ${name}`
    const known = this.#tags.get(id)
    if (known !== undefined) return known
    const tag = tagOf(this.tagKey(handle), kind, name)
    remember(this.#tags, id, tag)
    return tag
  }

  /** Shifted day of a date (`YYYY-MM-DD`) of one patient. */
  day(handle: Handle, isoDate: string): number {
    const id = toHex(handle)
    let epoch = this.#epochs.get(id)
    if (epoch === undefined) {
      epoch = dayOf(this.tagKey(handle), '1970-01-01')
      remember(this.#epochs, id, epoch)
    }
    return epoch + Date.parse(isoDate) / DAY_MS
  }

  /** Name of a category's tag, where it is one. */
  categoryName(handle: Handle, tag: Tag): Category | undefined {
    const name = this.names(handle).get(toHex(tag))
    return CATEGORIES.find((category) => category === name)
  }

  /** Names of the categories and labels of one patient. */
  names(handle: Handle): TagNames {
    const id = toHex(handle)
    const known = this.#names.get(id)
    if (known !== undefined) return known
    const key = this.tagKey(handle)
    const names = new Map<string, string>()
    for (const name of CATEGORIES) names.set(toHex(tagOf(key, 'category', name)), name)
    for (const name of LABELS) names.set(toHex(tagOf(key, 'label', name)), name)
    remember(this.#names, id, names)
    return names
  }
}

const DAY_MS = 86_400_000
const REMEMBERED = 10_000

function remember<T>(cache: Map<string, T>, key: string, value: T): void {
  if (cache.size >= REMEMBERED) cache.delete(cache.keys().next().value as string)
  cache.set(key, value)
}

import { RecordFlag, type Action } from '@chiron/protocol'
import type { RuleBucket, RuleList, RuleShape } from './rule-index.ts'
import type { Speaking, SpokenGroup } from './speaking.ts'
import type { RecordFacts } from './types.ts'

/** A record with its bytes in hexadecimal. */
export interface RecordKeys {
  readonly facts: RecordFacts
  readonly id: string
  readonly category: string
  readonly labels: readonly string[]
}

const NONE: readonly SpokenGroup[] = []

/** Rules that speak about a request, matched with one target (null: the patient), each kind when a tier first asks. */
export class Matching {
  readonly #speaking: Speaking
  readonly #record: RecordKeys | null
  readonly #action: Action
  /** The record identifies the person and is read: then it comes along with permits of other records. */
  readonly #comesAlong: boolean
  #permits: readonly SpokenGroup[] | undefined
  #implied: readonly SpokenGroup[] | undefined
  #denials: readonly SpokenGroup[] | undefined

  constructor(speaking: Speaking, record: RecordKeys | null, action: Action) {
    this.#speaking = speaking
    this.#record = record
    this.#action = action
    this.#comesAlong = record !== null && (record.facts.flags & RecordFlag.identity) !== 0 && action === 'read'
  }

  /** Permits that cover the target and name all its labels. For a patient: any that may cover something. */
  get permits(): readonly SpokenGroup[] {
    this.#permits ??= this.#record === null ? this.#everyPermit() : this.#gather('permits', (shape) => this.#isCovered(shape) && this.#namesLabels(shape))
    return this.#permits
  }

  /** Where no permit covers a record that identifies the person and is read: permits of other records, which bring it along. */
  get implied(): readonly SpokenGroup[] {
    this.#implied ??= this.#comesAlong && this.permits.length === 0 ? this.#everyPermit() : NONE
    return this.#implied
  }

  /** Denials that match the target and that no applicable permit overrides. For a patient: only those of everything. */
  get denials(): readonly SpokenGroup[] {
    this.#denials ??= this.#standing(this.#gather('denials', (shape) => this.#isDenied(shape)))
    return this.#denials
  }

  #gather(effect: keyof RuleList, isMeant: (shape: RuleShape) => boolean): readonly SpokenGroup[] {
    const found: SpokenGroup[] = []
    for (const bucket of this.#speaking.buckets) {
      for (const list of this.#listsOf(bucket)) {
        for (const group of this.#speaking.of(list[effect])) if (isMeant(group.shape)) found.push(group)
      }
    }
    return found
  }

  #everyPermit(): readonly SpokenGroup[] {
    const found: SpokenGroup[] = []
    for (const { every } of this.#speaking.buckets) {
      for (const group of this.#speaking.of(every.permits)) if (this.#namesLabels(group.shape)) found.push(group)
    }
    return found
  }

  /** Lists in which a rule about the target stands, each rule in one of them at most. */
  #listsOf({ general, byCategory, byRecord }: RuleBucket): readonly RuleList[] {
    const lists = [general]
    if (this.#record === null) return lists
    const named = byCategory.get(this.#record.category)
    if (named !== undefined) lists.push(named)
    const single = byRecord.get(this.#record.id)
    if (single !== undefined) lists.push(single)
    return lists
  }

  // What the lists leave to ask.
  #isCovered({ isCategorised, categories, data }: RuleShape): boolean {
    const record = this.#record
    if (record === null) return true
    if (isCategorised && (record.facts.flags & RecordFlag.uncategorised) !== 0) return false
    if (categories !== null && !categories.has(record.category)) return false
    if (data === null) return true
    const { dates } = record.facts
    if (dates === null) return false
    return (data.from === null || dates.from >= data.from) && (data.until === null || dates.until < data.until)
  }

  #isDenied({ categories, labels, data }: RuleShape): boolean {
    const record = this.#record
    if (record === null) return labels.size === 0 && data === null
    if (categories !== null && !categories.has(record.category)) return false
    if (labels.size > 0 && !record.labels.some((label) => labels.has(label))) return false
    const { dates, flags } = record.facts
    if (data === null) return true
    // Who somebody is is about no day; of any other data without dates some may lie within.
    if (dates === null) return (flags & RecordFlag.identity) === 0
    return (data.from === null || dates.until >= data.from) && (data.until === null || dates.from < data.until)
  }

  // Writing discloses nothing, so the sensitivity gate is not asked.
  #namesLabels({ labels }: RuleShape): boolean {
    return this.#record === null || this.#action === 'write' || this.#record.labels.every((label) => labels.has(label))
  }

  #standing(matching: readonly SpokenGroup[]): readonly SpokenGroup[] {
    if (!matching.some((group) => group.isOverridable)) return matching
    const applies = this.#applicable()
    const found: SpokenGroup[] = []
    for (const group of matching) {
      const rules = group.rules.filter(({ overriders }) => !overriders.some((number) => applies[number] === 1))
      if (rules.length === group.rules.length) found.push(group)
      else if (rules.length > 0) found.push({ shape: group.shape, rules, ids: rules.map((rule) => rule.id), isOverridable: true })
    }
    return found
  }

  /** By its number: 1 for each permit that may override a denial of this target. */
  #applicable(): Uint8Array {
    const applies = new Uint8Array(this.#speaking.size)
    for (const { rules } of this.#comesAlong ? this.#everyPermit() : this.permits) for (const { number } of rules) applies[number] = 1
    return applies
  }
}

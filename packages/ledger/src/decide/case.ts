import { RecordFlag, toHex } from '@chiron/protocol'
import type { IndexedRule, Snapshot } from './snapshot.ts'
import type { RulesInForce, Standing } from './standing.ts'
import type { AccessRequest, RecordFacts, Target } from './types.ts'

/** One target under one standing: what the tiers look at. Rules are matched once, when a tier first asks. */
export class Case {
  readonly request: AccessRequest
  readonly snapshot: Snapshot
  readonly standing: Standing
  readonly record: RecordFacts | null
  readonly #keys: { readonly id: string; readonly category: string; readonly labels: readonly string[] } | null
  #permits: readonly IndexedRule[] | undefined
  #implied: readonly IndexedRule[] | undefined
  #denials: readonly IndexedRule[] | undefined

  constructor(request: AccessRequest, snapshot: Snapshot, standing: Standing, target: Target) {
    this.request = request
    this.snapshot = snapshot
    this.standing = standing
    this.record = target.kind === 'record' ? target.record : null
    this.#keys = this.record && {
      id: toHex(this.record.id),
      category: toHex(this.record.category),
      labels: this.record.labels.map(toHex),
    }
  }

  has(flag: keyof typeof RecordFlag): boolean {
    return this.record !== null && (this.record.flags & RecordFlag[flag]) !== 0
  }

  /** Permits that cover the target and name all its labels. For a patient: any that may cover something. */
  get permits(): readonly IndexedRule[] {
    this.#permits ??= this.#matching('permits').filter((rule) => this.#isCovered(rule) && this.#namesLabels(rule))
    return this.#permits
  }

  /** For a record that identifies the person: permits about other records, which bring it along when it is read. */
  get implied(): readonly IndexedRule[] {
    this.#implied ??=
      this.has('identity') && this.request.action === 'read'
        ? this.#all('permits').filter((rule) => !this.#isCovered(rule) && this.#namesLabels(rule))
        : []
    return this.#implied
  }

  /** Denials that match the target and that no applicable permit overrides. For a patient: only those of everything. */
  get denials(): readonly IndexedRule[] {
    this.#denials ??= this.#standingDenials()
    return this.#denials
  }

  #standingDenials(): readonly IndexedRule[] {
    const matching = this.#matching('denials').filter((rule) => this.#isDenied(rule))
    if (matching.length === 0) return matching
    const overridden = new Set([...this.permits, ...this.implied].map((permit) => permit.overrides))
    return matching.filter((denial) => !overridden.has(denial.key))
  }

  #all(effect: keyof RulesInForce): readonly IndexedRule[] {
    return this.standing.buckets.flatMap((bucket) => this.standing.inForce(bucket.every)[effect])
  }

  /** Rules in force whose categories fit the target. */
  #matching(effect: keyof RulesInForce): readonly IndexedRule[] {
    const category = this.#keys?.category
    if (category === undefined) return this.#all(effect)
    return this.standing.buckets.flatMap(({ uncategorised, byCategory }) => {
      const named = byCategory.get(category)
      const forAll = this.standing.inForce(uncategorised)[effect]
      return named === undefined ? forAll : [...forAll, ...this.standing.inForce(named)[effect]]
    })
  }

  #isCovered(permit: IndexedRule): boolean {
    if (this.#keys === null) return true
    if (permit.categories !== null && (this.has('uncategorised') || !permit.categories.has(this.#keys.category))) return false
    return permit.records === null || permit.records.has(this.#keys.id)
  }

  // Writing discloses nothing, so the sensitivity gate is not asked.
  #namesLabels(permit: IndexedRule): boolean {
    return this.#keys === null || this.request.action === 'write' || this.#keys.labels.every((label) => permit.labels.has(label))
  }

  #isDenied(denial: IndexedRule): boolean {
    const keys = this.#keys
    if (keys === null) return denial.categories === null && denial.records === null && denial.labels.size === 0
    if (denial.categories !== null && !denial.categories.has(keys.category)) return false
    if (denial.records !== null && !denial.records.has(keys.id)) return false
    return denial.labels.size === 0 || keys.labels.some((label) => denial.labels.has(label))
  }
}

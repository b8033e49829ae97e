import { equalBytes, RecordFlag, toHex } from '@chiron/protocol'
import { Matching, type RecordKeys } from './matching.ts'
import type { Snapshot } from './snapshot.ts'
import type { Standing } from './standing.ts'
import type { AccessRequest, DelegateFacts, RecordFacts, Target } from './types.ts'

/** One target under one standing: what the tiers look at. */
export class Case {
  readonly request: AccessRequest
  readonly snapshot: Snapshot
  readonly standing: Standing
  readonly record: RecordFacts | null
  /** The patient's rules about the target. */
  readonly rules: Matching
  /** Orders about the target. */
  readonly orders: Matching

  constructor(request: AccessRequest, snapshot: Snapshot, standing: Standing, target: Target) {
    this.request = request
    this.snapshot = snapshot
    this.standing = standing
    this.record = target.kind === 'record' ? target.record : null
    const keys = this.record && keysOf(this.record)
    this.rules = new Matching(standing.rules, keys, request.action)
    this.orders = new Matching(standing.orders, keys, request.action)
  }

  has(flag: keyof typeof RecordFlag): boolean {
    return this.record !== null && (this.record.flags & RecordFlag[flag]) !== 0
  }

  /** Whether the organisation authored the record, first or last; of a patient: anything at all. */
  get isAuthored(): boolean {
    const { organisation } = this.request
    if (this.record === null) return this.snapshot.patient.authors.has(organisation)
    return this.record.author === organisation || this.record.firstAuthor === organisation
  }

  /** Delegations that reach the target: the action, the category, and every label named. */
  get delegations(): readonly DelegateFacts[] {
    return this.standing.delegations.filter((delegation) => this.#isReached(delegation))
  }

  #isReached({ actions, categories, labels }: DelegateFacts): boolean {
    if (!actions.includes(this.request.action)) return false
    if (this.record === null) return true
    const { category, labels: carried } = this.record
    if (categories.length > 0 && (this.has('uncategorised') || !categories.some((c) => equalBytes(c, category)))) return false
    return carried.every((label) => labels.some((named) => equalBytes(named, label)))
  }
}

function keysOf(facts: RecordFacts): RecordKeys {
  return { facts, id: toHex(facts.id), category: toHex(facts.category), labels: facts.labels.map(toHex) }
}

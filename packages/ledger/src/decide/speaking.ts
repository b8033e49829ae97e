import { denialHolds, permitHolds, type Circumstances } from './conditions.ts'
import { BREAK_GLASS, namesOfPurpose } from './purposes.ts'
import { ACTION_BIT, type IndexedRule, type RuleBucket, type RuleGroup, type RuleIndex, type RuleShape } from './rule-index.ts'
import type { AccessRequest } from './types.ts'

/** Rules of one shape that are in force. */
export type SpokenGroup = Pick<RuleGroup, 'shape' | 'rules' | 'ids' | 'isOverridable'>

/** Which rules speak about one request at one time, whatever its target: for the reader, in force, purpose, action, conditions. */
export class Speaking {
  /** Rules for the reader, by grantee. */
  readonly buckets: readonly RuleBucket[]
  /** How many rules there are in all: their numbers are smaller. */
  readonly size: number
  readonly #known = new Map<readonly RuleGroup[], readonly SpokenGroup[]>()
  readonly #timeMs: number
  readonly #action: number
  readonly #purposes: readonly string[]
  readonly #breaksGlass: boolean
  readonly #circumstances: Circumstances

  constructor(index: RuleIndex, grantees: Iterable<string>, request: AccessRequest, timeMs: number, circumstances: Circumstances) {
    const buckets: RuleBucket[] = []
    for (const grantee of grantees) {
      const bucket = index.byGrantee.get(grantee)
      if (bucket !== undefined) buckets.push(bucket)
    }
    this.buckets = buckets
    this.size = index.size
    this.#timeMs = timeMs
    this.#action = ACTION_BIT[request.action]
    this.#purposes = namesOfPurpose(request.purpose)
    this.#breaksGlass = request.purpose === BREAK_GLASS
    this.#circumstances = circumstances
  }

  /** Those of a list that speak. Worked out once for each list. */
  of(groups: readonly RuleGroup[]): readonly SpokenGroup[] {
    let found = this.#known.get(groups)
    if (found === undefined) {
      found = this.#select(groups)
      this.#known.set(groups, found)
    }
    return found
  }

  #select(groups: readonly RuleGroup[]): readonly SpokenGroup[] {
    const found: SpokenGroup[] = []
    for (const group of groups) {
      const inForce = this.#speaks(group.shape) ? this.#inForce(group) : undefined
      if (inForce !== undefined) found.push(inForce)
    }
    return found
  }

  #inForce(group: RuleGroup): SpokenGroup | undefined {
    const now = this.#timeMs
    if (group.latestFrom <= now && now < group.earliestUntil) return group
    const rules: IndexedRule[] = []
    for (const rule of group.rules) if (rule.from <= now && now < rule.until) rules.push(rule)
    return rules.length === 0 ? undefined : { shape: group.shape, rules, ids: rules.map((rule) => rule.id), isOverridable: group.isOverridable }
  }

  #speaks({ isDenial, actions, purposes, conditions }: RuleShape): boolean {
    if ((actions & this.#action) === 0) return false
    // Who may do something may not therefore break the glass for it: that is what tier 4 permits, and nothing else.
    if (this.#breaksGlass && !isDenial) return false
    if (purposes !== null && !this.#purposes.some((name) => purposes.has(name))) return false
    if (conditions === null) return true
    return isDenial ? denialHolds(conditions, this.#circumstances) : permitHolds(conditions, this.#circumstances)
  }
}

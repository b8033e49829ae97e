import { toHex, type Action, type DataInterval, type ObjectId, type RuleCondition, type RuleTerms } from '@chiron/protocol'
import { formatGrantee, isStrictlyNarrower } from './terms.ts'
import type { RuleFacts } from './types.ts'

/** What rules have in common that speak and match alike, whenever they are in force. Null means no limit. */
export interface RuleShape {
  readonly isDenial: boolean
  readonly absolute: boolean
  /** Whether the grantee is a person or a role: then a denial also narrows what an author may. */
  readonly isPersonal: boolean
  /** Bits of {@link ACTION_BIT}. */
  readonly actions: number
  readonly purposes: ReadonlySet<string> | null
  /** Whether categories are named. Which ones is asked here only of rules about single records. */
  readonly isCategorised: boolean
  readonly categories: ReadonlySet<string> | null
  readonly labels: ReadonlySet<string>
  readonly data: DataInterval | null
  readonly conditions: readonly RuleCondition[] | null
  readonly obligations: readonly string[]
}

/** A rule of a shape, in force in [from, until). */
export interface IndexedRule {
  readonly id: ObjectId
  /** Its place among the handle's rules. */
  readonly number: number
  readonly from: number
  readonly until: number
  /** Of a denial: numbers of the permits that name it and are strictly narrower. */
  readonly overriders: readonly number[]
}

/** Rules of one shape. All are in force in [latestFrom, earliestUntil). */
export interface RuleGroup {
  readonly shape: RuleShape
  readonly rules: readonly IndexedRule[]
  readonly ids: readonly ObjectId[]
  readonly latestFrom: number
  readonly earliestUntil: number
  /** Whether any of them has overriders. */
  readonly isOverridable: boolean
}

export interface RuleList {
  readonly permits: readonly RuleGroup[]
  readonly denials: readonly RuleGroup[]
}

/** The rules for one grantee, by what they are about: each stands under `general`, its categories, or its records. */
export interface RuleBucket {
  /** All permits together, whatever they are about. */
  readonly every: RuleList
  /** About every category and record. */
  readonly general: RuleList
  /** About every record of these categories. */
  readonly byCategory: ReadonlyMap<string, RuleList>
  /** About these records; whether the category fits is to be asked of the shape. */
  readonly byRecord: ReadonlyMap<string, RuleList>
}

/** Rules by grantee, and how many there are. */
export interface RuleIndex {
  readonly size: number
  readonly byGrantee: ReadonlyMap<string, RuleBucket>
}

export const ACTION_BIT: Readonly<Record<Action, number>> = { read: 1, write: 2, share: 4, research: 8 }

const NOTHING: ReadonlySet<string> = new Set()
const NO_CODES: readonly string[] = []
const NO_OVERRIDERS: readonly number[] = []

/** Indexes rules of one handle, so that a decision looks only at those that may be about its reader and target. */
export function indexRules(rules: readonly RuleFacts[]): RuleIndex {
  const overriders = findOverriders(rules)
  const shapes = new Map<string, RuleShape>()
  const byGrantee = new Map<string, Bucket>()
  for (const [number, { id, terms }] of rules.entries()) {
    const grantee = formatGrantee(terms.grantee)
    let bucket = byGrantee.get(grantee)
    if (bucket === undefined) byGrantee.set(grantee, (bucket = new Bucket()))
    const until = terms.until ?? Infinity
    const rule = { id, number, from: terms.from, until, overriders: overriders.get(number) ?? NO_OVERRIDERS }
    bucket.add(rule, terms.categories.map(toHex), terms.records.map(toHex), (categories) => shapeOf(terms, categories, shapes))
  }
  return { size: rules.length, byGrantee }
}

/** By the number of a denial: the numbers of the permits that override it. */
function findOverriders(rules: readonly RuleFacts[]): ReadonlyMap<number, readonly number[]> {
  const denials = new Map<string, number>()
  const found = new Map<number, number[]>()
  if (rules.every(({ terms }) => terms.overrides === null)) return found
  for (const [number, { id, terms }] of rules.entries()) if (terms.effect === 'deny') denials.set(toHex(id), number)
  for (const [number, { terms }] of rules.entries()) {
    const denied = terms.effect === 'deny' || terms.overrides === null ? undefined : denials.get(toHex(terms.overrides))
    const denial = denied === undefined ? undefined : rules[denied]
    if (denied === undefined || denial === undefined || !isStrictlyNarrower(terms, denial.terms)) continue
    const numbers = found.get(denied)
    if (numbers === undefined) found.set(denied, [number])
    else numbers.push(number)
  }
  return found
}

class Group implements RuleGroup {
  readonly shape: RuleShape
  readonly rules: IndexedRule[] = []
  readonly ids: ObjectId[] = []
  latestFrom = 0
  earliestUntil = Infinity
  isOverridable = false

  constructor(shape: RuleShape) {
    this.shape = shape
  }

  add(rule: IndexedRule): void {
    this.rules.push(rule)
    this.ids.push(rule.id)
    this.latestFrom = Math.max(this.latestFrom, rule.from)
    this.earliestUntil = Math.min(this.earliestUntil, rule.until)
    this.isOverridable ||= rule.overriders.length > 0
  }
}

class List implements RuleList {
  readonly permits: Group[] = []
  readonly denials: Group[] = []
  readonly #groups = new Map<RuleShape, Group>()

  add(rule: IndexedRule, shape: RuleShape): void {
    let group = this.#groups.get(shape)
    if (group === undefined) {
      group = new Group(shape)
      this.#groups.set(shape, group)
      if (shape.isDenial) this.denials.push(group)
      else this.permits.push(group)
    }
    group.add(rule)
  }
}

class Bucket implements RuleBucket {
  readonly every = new List()
  readonly general = new List()
  readonly byCategory = new Map<string, List>()
  readonly byRecord = new Map<string, List>()

  add(rule: IndexedRule, categories: readonly string[], records: readonly string[], shapeOfRule: (categories: readonly string[]) => RuleShape): void {
    const shape = shapeOfRule(records.length === 0 ? [] : categories)
    if (!shape.isDenial) this.every.add(rule, shape.categories === null ? shape : shapeOfRule([]))
    if (records.length > 0) for (const record of new Set(records)) listAt(this.byRecord, record).add(rule, shape)
    else if (categories.length > 0) for (const category of new Set(categories)) listAt(this.byCategory, category).add(rule, shape)
    else this.general.add(rule, shape)
  }
}

function listAt(lists: Map<string, List>, key: string): List {
  let list = lists.get(key)
  if (list === undefined) lists.set(key, (list = new List()))
  return list
}

/** One object for each shape: equal exactly when the rules differ in id, time, categories (unless given) and records at most. */
function shapeOf(terms: RuleTerms, categories: readonly string[], shapes: Map<string, RuleShape>): RuleShape {
  const { effect, grantee, purposes, data, obligations } = terms
  const absolute = terms.absolute ?? false
  const isPersonal = grantee.kind === 'person' || grantee.kind === 'role'
  const isCategorised = terms.categories.length > 0
  const actions = terms.actions.reduce((bits, action) => bits | ACTION_BIT[action], 0)
  const labels = terms.labels.map(toHex)
  const conditions = terms.conditions ?? null
  const interval = data === undefined ? '' : `${data.from}-${data.until}`
  const key = [
    effect, absolute, isPersonal, isCategorised, actions, purposes.join(), categories.join(), labels.join(), interval,
    conditions?.map(formatCondition).join() ?? '', obligations?.join() ?? '',
  ].join('|')
  let shape = shapes.get(key)
  if (shape === undefined) {
    shape = {
      isDenial: effect === 'deny', absolute, isPersonal, actions, purposes: setOrAll(purposes), isCategorised, categories: setOrAll(categories),
      labels: labels.length === 0 ? NOTHING : new Set(labels), data: data ?? null, conditions, obligations: obligations ?? NO_CODES,
    }
    shapes.set(key, shape)
  }
  return shape
}

function formatCondition(condition: RuleCondition): string {
  switch (condition.kind) {
    case 'jurisdiction':
      return `${condition.within ? 'in' : 'not in'} ${condition.of.join(' ')}`
    case 'second-person':
      return condition.kind
    case 'terms':
      return toHex(condition.hash)
  }
}

function setOrAll(items: readonly string[]): ReadonlySet<string> | null {
  return items.length === 0 ? null : new Set(items)
}

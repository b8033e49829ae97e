/** Draws rules, orders among them, in the world of `decide-draw.ts`. */
import type { Action, DataInterval, Grantee, ObjectId, Role, RuleCondition, RuleTerms } from '@chiron/protocol'
import type { RuleFacts } from '@chiron/ledger/decide'
import { didNamed, labelNumbered, recordNumbered, tagNumbered, termsNumbered } from './decide-names.ts'

/** A whole number from 0 to n − 1. */
export type Draw = (n: number) => number

export const TIMES = [0, 999, 1_000, 1_001, 5_000]
export const DAYS = [1_000_010, 1_000_020, 1_000_030, 1_000_040]
export const PURPOSES = ['TREAT', 'ETREAT', 'BTG', 'COC', 'HPAYMT', 'HOPERAT', 'HLEGAL', 'HRESCH', 'PATRQT']
export const ACTIONS: readonly Action[] = ['read', 'write', 'share', 'research']
export const ROLES: readonly Role[] = ['physician', 'laboratory', 'organisation']
export const COUNTRIES = ['DE', 'FR', 'US']
export const people = ['a', 'b'].map(didNamed)
export const houses = ['k', 'l'].map(didNamed)
const CODES = ['NORDSCLW', 'ENCRYPT', 'MINEC']

/** Up to that many rules; a permit may override any denial before it, or meant to be another's. */
export function drawRules(draw: Draw, count: number, idOf: (n: number) => ObjectId): RuleFacts[] {
  const rules: RuleFacts[] = []
  for (let n = 0; n < count; n++) {
    const terms = drawTerms(draw)
    const denials = rules.filter((r) => r.terms.effect === 'deny')
    const denial = denials.length > 0 && draw(100) < 80 ? denials[draw(denials.length)] : undefined
    if (terms.effect === 'deny' || denial === undefined) rules.push({ id: idOf(n), terms })
    else rules.push({ id: idOf(n), terms: { ...(draw(100) < 70 ? narrowed(draw, denial.terms, terms) : terms), overrides: denial.id } })
  }
  return rules
}

/** A permit made out of the denial that it overrides, with a part or two of another. */
function narrowed(draw: Draw, denial: RuleTerms, other: RuleTerms): RuleTerms {
  const { absolute: _absolute, obligations: _obligations, ...same } = denial
  const parts = ['grantee', 'purposes', 'categories', 'records', 'labels', 'actions', 'data', 'conditions'] as const
  const changed: RuleTerms = { ...same, effect: 'permit', from: other.from, until: other.until }
  for (let n = 0; n < 2; n++) {
    const part = parts[draw(parts.length)] as (typeof parts)[number]
    if (other[part] !== undefined) Object.assign(changed, { [part]: other[part] })
  }
  return changed
}

function drawTerms(draw: Draw): RuleTerms {
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T
  const often = (percent: number): boolean => draw(100) < percent
  const someOf = <T>(items: readonly T[], percent: number): T[] => (often(percent) ? items.filter(() => draw(2) === 0) : [])
  const effect = often(62) ? 'permit' : 'deny'
  const actions = ACTIONS.filter(() => often(75))
  const obligations = effect === 'permit' ? someOf(CODES, 25) : []
  return {
    effect,
    grantee: drawGrantee(draw),
    purposes: someOf(PURPOSES, 40),
    categories: someOf([0, 1, 2].map(tagNumbered), 70),
    labels: someOf([0, 1].map(labelNumbered), 60),
    records: someOf([0, 1, 2].map(recordNumbered), 20),
    actions: actions.length > 0 ? actions : ['read'],
    from: pick([0, 0, 0, 0, 0, 0, ...TIMES]),
    until: pick([null, null, null, 5_000, 5_000, ...TIMES]),
    overrides: null,
    ...(often(25) ? { data: drawInterval(draw) } : {}),
    ...(often(25) ? { conditions: Array.from({ length: 1 + draw(2) }, () => drawCondition(draw, effect)) } : {}),
    ...(obligations.length > 0 ? { obligations } : {}),
    ...(effect === 'deny' && often(30) ? { absolute: true as const } : {}),
  }
}

function drawGrantee(draw: Draw): Grantee {
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T
  return pick([
    { kind: 'person', did: pick(people) },
    { kind: 'person', did: pick(people) },
    { kind: 'organisation', did: pick(houses) },
    { kind: 'organisation', did: pick(houses) },
    { kind: 'role', role: pick(ROLES) },
    { kind: 'role', role: pick(ROLES), organisation: pick(houses) },
    { kind: 'anyone-treating' },
    { kind: 'anyone' },
  ] as const)
}

function drawInterval(draw: Draw): DataInterval {
  const at = draw(DAYS.length - 1)
  const [from, until] = [DAYS[at] as number, DAYS[at + 1 + draw(DAYS.length - 1 - at)] as number]
  const open = draw(3)
  return { from: open === 1 ? null : from, until: open === 2 ? null : until }
}

function drawCondition(draw: Draw, effect: 'permit' | 'deny'): RuleCondition {
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T
  // The contract refuses other conditions of denials; decide() must not weaken one if it met it all the same.
  const kind = effect === 'deny' && draw(10) > 0 ? 'jurisdiction' : pick(['jurisdiction', 'second-person', 'terms'] as const)
  if (kind === 'second-person') return { kind }
  if (kind === 'terms') return { kind, hash: termsNumbered(draw(2)) }
  const of = COUNTRIES.filter(() => draw(2) === 0)
  return { kind, within: draw(3) > 0, of: of.length > 0 ? of : [pick(COUNTRIES)] }
}

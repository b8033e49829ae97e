import { expect, test } from 'vitest'
import type { RuleTerms } from '@chiron/protocol'
import { drawFrom } from '../../../../tools/vectors/decide-draw.ts'
import { drawRules } from '../../../../tools/vectors/decide-draw-rules.ts'
import { ruleNumbered } from '../../../../tools/vectors/decide-names.ts'
import { narrower } from '../../../../tools/vectors/decide-reference-rules.ts'
import { isStrictlyNarrower } from './terms.ts'

const CASES = 40_000

test(`says of ${CASES} pairs of terms what the reference says, and of no two that each is narrower than the other`, () => {
  let narrow = 0
  const differing: number[] = []
  for (let seed = 1; seed <= CASES; seed++) {
    const draw = drawFrom(seed)
    const [a, b] = drawRules(draw, 2, ruleNumbered).map(({ terms }) => terms) as [RuleTerms, RuleTerms]
    const isNarrower = isStrictlyNarrower(b, a)
    if (isNarrower !== narrower(b, a) || (isNarrower && isStrictlyNarrower(a, b))) differing.push(seed)
    if (isNarrower) narrow++
  }
  expect(differing).toEqual([])
  expect(narrow).toBeGreaterThan(1_000)
})

const base: RuleTerms = {
  effect: 'deny', grantee: { kind: 'anyone' }, purposes: [], categories: [], labels: [], records: [], actions: ['read'], from: 0, until: null, overrides: null,
}
const inside = (...of: string[]): RuleTerms => ({ ...base, conditions: [{ kind: 'jurisdiction', within: true, of }] })
const outside = (...of: string[]): RuleTerms => ({ ...base, conditions: [{ kind: 'jurisdiction', within: false, of }] })

test.each([
  ['inside fewer', inside('DE'), inside('DE', 'FR'), true],
  ['inside others', inside('US'), inside('DE', 'FR'), false],
  ['inside a country outside the others', inside('DE'), outside('FR'), true],
  ['inside a country that is left out', inside('FR'), outside('FR'), false],
  ['outside more', outside('DE', 'FR'), outside('FR'), true],
  ['outside fewer', outside('FR'), outside('DE', 'FR'), false],
  ['outside is never inside', outside('DE', 'FR'), inside('DE'), false],
])('jurisdictions: %s', (_, a, b, expected) => {
  expect(isStrictlyNarrower(a, b)).toBe(expected)
})

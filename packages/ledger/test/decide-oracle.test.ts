import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawCase, drawFrom } from '../../../tools/vectors/decide-draw.ts'
import { WITHOUT } from '../../../tools/vectors/decide-features.ts'
import { decide, deciderFor, indexPatient } from '../src/decide/index.ts'
import { compareCases, decideCase, DECISION_CODES, OBLIGATIONS_SEEN, TIERS_SEEN } from './decide-oracle.ts'

const CASES = 60_000

test(`decides ${CASES} drawn cases as the plain reference does, every tier, code and feature among them`, () => {
  const { seen, decisive } = compareCases(1, CASES, 12_000, (seed, got, expected) => expect({ seed, ...got }).toEqual({ seed, ...expected }))
  for (const key of [...DECISION_CODES, ...TIERS_SEEN, ...OBLIGATIONS_SEEN]) expect([key, (seen.get(key) ?? 0) >= 100]).toEqual([key, true])
  for (const feature of Object.keys(WITHOUT)) expect([feature, (decisive.get(feature) ?? 0) >= 8]).toEqual([feature, true])
}, 300_000)

test('one more denial never permits more, one more permit without an override never denies', () => {
  let permits = 0
  fc.assert(
    fc.property(fc.noBias(fc.integer()), fc.noBias(fc.integer()), (seed, other) => {
      const drawn = drawCase(drawFrom(seed))
      const extra = drawCase(drawFrom(other)).patient.rules.map((r, i) => ({ id: Uint8Array.of(99, i, ...r.id.subarray(2)) as typeof r.id, terms: { ...r.terms, overrides: null } }))
      const before = decideCase(drawn).effect
      const withRules = (effect: 'permit' | 'deny') =>
        decideCase({ ...drawn, patient: { ...drawn.patient, rules: [...drawn.patient.rules, ...extra.filter((r) => r.terms.effect === effect)] } }).effect
      if (before === 'permit') permits++
      if (before === 'deny') expect(withRules('deny')).toBe('deny')
      else expect(withRules('permit')).toBe('permit')
    }),
    { numRuns: 3_000 },
  )
  expect(permits).toBeGreaterThan(300)
})

test('no fact outruns an order that denies, and no rule an absolute denial that it does not name', () => {
  let denied = 0
  let hidden = 0
  for (let seed = 1; seed <= 20_000; seed++) {
    const drawn = drawCase(drawFrom(seed))
    const { tier, code } = decideCase({ ...drawn, patient: { ...drawn.patient, rules: [], orders: drawn.patient.orders.filter((o) => o.terms.effect === 'deny') } })
    if (tier === '1') {
      denied++
      expect(decideCase({ ...drawn, patient: { ...drawn.patient, orders: drawn.patient.orders } })).toMatchObject({ effect: 'deny', code })
    }
    const absolute = drawn.patient.rules.filter(({ terms }) => terms.absolute === true)
    const alone = decideCase({ ...drawn, patient: { ...drawn.patient, rules: absolute } })
    if (alone.code !== 'DENY_RULE') continue
    hidden++
    expect(decideCase({ ...drawn, patient: { ...drawn.patient, rules: drawn.patient.rules.map((r) => ({ ...r, terms: { ...r.terms, overrides: null } })) } }).effect).toBe('deny')
  }
  expect(denied).toBeGreaterThan(100)
  expect(hidden).toBeGreaterThan(100)
})

test('many targets of one request are decided as one by one, whatever came before', () => {
  fc.assert(
    fc.property(fc.noBias(fc.integer()), fc.array(fc.noBias(fc.integer()), { minLength: 1, maxLength: 6 }), (seed, others) => {
      const { request, reader, patient, timeMs } = drawCase(drawFrom(seed))
      const snapshot = { reader, patient: indexPatient(patient) }
      const decideOne = deciderFor(request, snapshot, timeMs)
      for (const other of others) {
        const { target } = drawCase(drawFrom(other))
        expect(decideOne(target)).toEqual(decide({ ...request, target }, snapshot, timeMs))
      }
    }),
    { numRuns: 2_000 },
  )
})

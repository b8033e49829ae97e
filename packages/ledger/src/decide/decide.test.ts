import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCanonical, sha256, toHex } from '@chiron/protocol'
import { decideCases } from '../../../../tools/vectors/decide-cases.ts'
import { drawCase, type Draw } from '../../../../tools/vectors/decide-draw.ts'
import { referenceDecision, type ReferenceCase } from '../../../../tools/vectors/decide-reference.ts'
import { decide, deciderFor, indexPatient, joinDecisions, POLICY_HASH, POLICY_VERSION, TIERS, type Decision } from './index.ts'

const CASES = 30_000

const decideCase = ({ request, reader, patient, target, timeMs }: ReferenceCase): Decision =>
  decide({ ...request, target }, { reader, patient: indexPatient(patient) }, timeMs)

const comparable = ({ effect, tier, code, rules, obligations }: Decision) => ({ effect, tier, code, rules: rules.map((id) => toHex(id)).sort(), obligations })

/** Numbers from a seed (xorshift32), so that a failing seed is the whole case. */
function drawFrom(seed: number): Draw {
  let x = (seed ^ 0x9e37_79b9) | 1
  for (let i = 0; i < 4; i++) x = step(x)
  return (n) => {
    x = step(x)
    return (x >>> 0) % n
  }
}

function step(x: number): number {
  let y = x
  y ^= y << 13
  y ^= y >>> 17
  y ^= y << 5
  return y
}

test(`decides ${CASES} drawn cases as the plain reference does, and every code often`, () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(fc.noBias(fc.integer()), (seed) => {
      const drawn = drawCase(drawFrom(seed))
      const expected = referenceDecision(drawn)
      expect(comparable(decideCase(drawn))).toEqual(expected)
      for (const key of [expected.code, ...expected.obligations]) seen.set(key, (seen.get(key) ?? 0) + 1)
    }),
    { numRuns: CASES },
  )
  const codes = ['DENY_INVALID', 'PERMIT_OWN', 'PERMIT_AUTHOR', 'DENY_RULE', 'DENY_SENSITIVE', 'PERMIT_RULE', 'PERMIT_DIRECTORY', 'PERMIT_TREATING', 'DENY_DEFAULT', 'identity-only']
  for (const code of codes) expect([code, (seen.get(code) ?? 0) >= 100]).toEqual([code, true])
})

test('one more denial never permits more, one more permit without an override never denies', () => {
  fc.assert(
    fc.property(fc.noBias(fc.integer()), fc.noBias(fc.integer()), (seed, other) => {
      const drawn = drawCase(drawFrom(seed))
      const extra = drawCase(drawFrom(other)).patient.rules.map((r, i) => ({ id: Uint8Array.of(9, i, ...r.id.subarray(2)) as typeof r.id, terms: { ...r.terms, overrides: null } }))
      const before = decideCase(drawn).effect
      const withRules = (effect: 'permit' | 'deny') =>
        decideCase({ ...drawn, patient: { ...drawn.patient, rules: [...drawn.patient.rules, ...extra.filter((r) => r.terms.effect === effect)] } }).effect
      if (before === 'deny') expect(withRules('deny')).toBe('deny')
      else expect(withRules('permit')).toBe('permit')
    }),
    { numRuns: 3_000 },
  )
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

const permitted = decideCases().find(({ name }) => name === '7: a permit for the organisation') as ReferenceCase

test.each([
  ['time', { timeMs: -1 }],
  ['time', { timeMs: 0.5 }],
  ['purpose', { request: { ...permitted.request, purpose: 'treat' } }],
  ['action', { request: { ...permitted.request, action: 'delete' as never } }],
  ['organisation', { request: { ...permitted.request, organisation: 'did:chiron:x' as never } }],
])('a malformed %s is DENY_INVALID', (_, fields) => {
  expect(decideCase(permitted)).toMatchObject({ effect: 'permit' })
  expect(decideCase({ ...permitted, ...fields })).toMatchObject({ effect: 'deny', tier: '0', code: 'DENY_INVALID' })
})

test('an error inside denies, and is no default', () => {
  const { request, reader, patient, timeMs } = permitted
  const snapshot = { reader, patient: indexPatient(patient) }
  const broken = { kind: 'record', record: { ...(permitted.target as { record: object }).record, labels: null } } as never
  const failing = { ...snapshot, patient: { ...snapshot.patient, byGrantee: null as never } }
  for (const decision of [decide({ ...request, target: broken }, snapshot, timeMs), decide({ ...request, target: permitted.target }, failing, timeMs)]) {
    expect(decision).toEqual({ effect: 'deny', tier: '10', code: 'DENY_ERROR', rules: [], obligations: [], policyHash: POLICY_HASH })
  }
})

test('several subjects: the first denial stands, a permit carries the rules of all', () => {
  const permit = decideCase(permitted)
  const deny = decideCase({ ...permitted, patient: { ...permitted.patient, rules: [] } })
  expect(joinDecisions([permit, deny, permit])).toBe(deny)
  expect(joinDecisions([permit, { ...permit, obligations: ['identity-only'] }])).toEqual({ ...permit, rules: [...permit.rules, ...permit.rules], obligations: ['identity-only'] })
  expect(joinDecisions([])).toMatchObject({ effect: 'deny', tier: '0' })
})

test('the tiers stand in their order, and the policy hash names them', () => {
  expect(TIERS.map(({ tier, judge }) => (judge === null ? `(${tier})` : tier))).toEqual(['0', '(1)', '2', '(3a)', '3b', '(4)', '5', '6', '7', '(8)', '9'])
  const description = {
    engine: 'chiron/decide', version: POLICY_VERSION, tiers: TIERS.map(({ tier, name, judge }) => [tier, name, judge !== null]),
    authorPurposes: ['TREAT', 'HPAYMT', 'HOPERAT', 'HLEGAL'],
  }
  expect(toHex(POLICY_HASH)).toBe(toHex(sha256(encodeCanonical(description))))
})

import { expect, test } from 'vitest'
import { encodeCanonical, sha256, toHex } from '@chiron/protocol'
import { decideCases } from '../../../../tools/vectors/decide-cases.ts'
import type { ReferenceCase } from '../../../../tools/vectors/decide-reference.ts'
import { PURPOSES_ABOVE } from './purposes.ts'
import { decide, indexPatient, joinDecisions, POLICY_HASH, POLICY_VERSION, TIERS, type Decision } from './index.ts'

const decideCase = ({ request, reader, patient, target, timeMs }: ReferenceCase): Decision =>
  decide({ ...request, target }, { reader, patient: indexPatient(patient) }, timeMs)

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
  const failing = { ...snapshot, patient: { ...snapshot.patient, rules: null as never } }
  for (const decision of [decide({ ...request, target: broken }, snapshot, timeMs), decide({ ...request, target: permitted.target }, failing, timeMs)]) {
    expect(decision).toEqual({ effect: 'deny', tier: '10', code: 'DENY_ERROR', rules: [], obligations: [], policyHash: POLICY_HASH })
  }
})

test('of two denials that are alike, one that a permit overrides leaves the other', () => {
  const [rule] = permitted.patient.rules as readonly [ReferenceCase['patient']['rules'][number]]
  const named = (n: number) => new Uint8Array(16).fill(n) as typeof rule.id
  const { labels, ...terms } = { ...rule.terms, purposes: [], categories: [], records: [] }
  const denial = { ...terms, labels: [], effect: 'deny' as const }
  const rules = [
    { id: named(1), terms: denial },
    { id: named(2), terms: denial },
    { id: named(3), terms: { ...terms, labels, purposes: ['TREAT'], overrides: named(1) } },
  ]
  const both: ReferenceCase = { ...permitted, patient: { ...permitted.patient, rules } }
  expect(decideCase(both)).toMatchObject({ effect: 'deny', tier: '5', rules: [named(2)] })
  expect(decideCase({ ...both, patient: { ...both.patient, rules: rules.filter((_, n) => n !== 1) } })).toMatchObject({ effect: 'permit', tier: '7', rules: [named(3)] })
})

test('several subjects: the first denial stands, a permit carries the rules of all', () => {
  const permit = decideCase(permitted)
  const deny = decideCase({ ...permitted, patient: { ...permitted.patient, rules: [] } })
  expect(joinDecisions([permit, deny, permit])).toBe(deny)
  expect(joinDecisions([permit, { ...permit, obligations: ['identity-only'] }])).toEqual({ ...permit, rules: [...permit.rules, ...permit.rules], obligations: ['identity-only'] })
  expect(joinDecisions([{ ...permit, obligations: ['MINEC'] }, { ...permit, obligations: ['review-emergency', 'ENCRYPT', 'MINEC'] }]).obligations).toEqual(['review-emergency', 'ENCRYPT', 'MINEC'])
  expect(joinDecisions([])).toMatchObject({ effect: 'deny', tier: '0' })
})

test('the tiers stand in their order, and the policy hash names them', () => {
  expect(TIERS.map(({ tier }) => tier)).toEqual(['0', '1', '2', '3a', '3b', '4', '5', '6', '7', '8', '9'])
  const description = {
    engine: 'chiron/decide', version: POLICY_VERSION, tiers: TIERS.map(({ tier, name }) => [tier, name]),
    authorPurposes: ['TREAT', 'HPAYMT', 'HOPERAT', 'HLEGAL'], emergencyPurposes: ['BTG', 'ETREAT'], clinicalRoles: ['physician', 'nurse', 'pharmacist'],
    purposesAbove: [...PURPOSES_ABOVE].map(([code, above]) => [code, ...above]),
  }
  expect(toHex(POLICY_HASH)).toBe(toHex(sha256(encodeCanonical(description))))
})

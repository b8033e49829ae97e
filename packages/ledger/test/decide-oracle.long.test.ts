import { expect, test } from 'vitest'
import { WITHOUT } from '../../../tools/vectors/decide-features.ts'
import { compareCases, DECISION_CODES, OBLIGATIONS_SEEN, TIERS_SEEN } from './decide-oracle.ts'

const CASES = 1_200_000

test(`decides ${CASES} drawn cases as the plain reference does, every tier, code and feature among them`, () => {
  const { seen, decisive } = compareCases(1_000_000, CASES, 100_000, (seed, got, expected) => expect({ seed, ...got }).toEqual({ seed, ...expected }))
  for (const key of [...DECISION_CODES, ...TIERS_SEEN, ...OBLIGATIONS_SEEN]) expect([key, (seen.get(key) ?? 0) >= 2_000]).toEqual([key, true])
  for (const feature of Object.keys(WITHOUT)) expect([feature, (decisive.get(feature) ?? 0) >= 80]).toEqual([feature, true])
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toHex } from '@chiron/protocol'
import { decideVectors } from '../../../tools/vectors/decide.ts'
import { fromPlain, type Plain } from '../../../tools/vectors/plain.ts'
import type { ReferenceCase, ReferenceDecision } from '../../../tools/vectors/decide-reference.ts'
import { formatVectors, vectorFolder } from '../../../tools/vectors/protocol.ts'
import { decide, indexPatient } from '../src/decide/index.ts'
import { PURPOSES_ABOVE } from '../src/decide/purposes.ts'

const read = (file: string): string => readFileSync(join(vectorFolder, file), 'utf8')

test.each([...decideVectors()])('%s is what its generator writes', (file, vectors) => {
  expect(read(file)).toBe(formatVectors(vectors))
})

test.each(['decide-tiers.json', 'decide-mixed.json'])('every decision of %s', (file) => {
  const { cases } = JSON.parse(read(file)) as { readonly cases: readonly { readonly [key: string]: Plain }[] }
  for (const plain of cases) {
    const { name, request, reader, patient, target, timeMs, decision } = fromPlain(plain) as ReferenceCase & { readonly name: string; readonly decision: ReferenceDecision }
    const { effect, tier, code, rules, obligations } = decide({ ...request, target }, { reader, patient: indexPatient(patient) }, timeMs)
    expect({ name, decision: { effect, tier, code, rules: rules.map((id) => toHex(id)).sort(), obligations } }).toEqual({ name, decision })
    // The name says which tier is meant, or which one it passes.
    if (file === 'decide-tiers.json') expect(name).toMatch(/^(0|1|2|3a|3b|4|5|6|7|8|9): /)
  }
  expect(cases.length).toBeGreaterThanOrEqual(60)
})

test('every purpose of decide-purposes.json', () => {
  const { cases } = JSON.parse(read('decide-purposes.json')) as { readonly cases: readonly { readonly code: string; readonly above: readonly string[] }[] }
  expect(new Map(cases.filter(({ above }) => above.length > 0).map(({ code, above }) => [code, above]))).toEqual(PURPOSES_ABOVE)
  expect(cases.length).toBe(62)
})

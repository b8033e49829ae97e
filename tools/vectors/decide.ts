/**
 * Writes `spec/vectors/decide-tiers.json` (one case for each thing that a tier says) and `decide-mixed.json` (many rules
 * at once, drawn with a fixed seed). What is expected comes from `decide-reference.ts`. Deterministic:
 * `node tools/vectors/decide.ts` changes nothing unless the policy changed, and a test compares.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decideCases } from './decide-cases.ts'
import { drawCase } from './decide-draw.ts'
import { referenceDecision, type ReferenceCase } from './decide-reference.ts'
import { toPlain, type Plain, type VectorFile } from './plain.ts'
import { formatVectors, vectorFolder } from './protocol.ts'

const MIXED_CASES = 60

/** File name → contents. */
export function decideVectors(): ReadonlyMap<string, VectorFile> {
  const about =
    'A request, what is known of its reader and of the patient, a target and block time; and the decision. Byte strings are {"$bytes": hex}; the rules of a decision are hexadecimal ids, ascending.'
  return new Map([
    ['decide-tiers.json', { requirements: ['SPEC-DEC-1', 'SPEC-DEC-4', 'SPEC-DEC-5', 'SPEC-DEC-6', 'SPEC-DEC-7'], about, cases: decideCases().map(({ name, ...c }) => format(name, c)) }],
    ['decide-mixed.json', { requirements: ['SPEC-DEC-1', 'SPEC-DEC-4'], about, cases: mixedCases() }],
  ])
}

function mixedCases(): VectorFile['cases'] {
  const next = randomNumbers(20_261_121)
  return Array.from({ length: MIXED_CASES }, (_, i) => format(`mixed ${i + 1}`, drawCase((n) => Math.floor(next() * n))))
}

function format(name: string, c: ReferenceCase): { readonly [key: string]: Plain } {
  return { name, ...(toPlain(c) as { readonly [key: string]: Plain }), decision: toPlain(referenceDecision(c)) }
}

/** Mulberry32: good enough to mix cases, and the same everywhere. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, file] of decideVectors()) writeFileSync(join(vectorFolder, name), formatVectors(file))
}

/**
 * Writes `spec/vectors/decide-tiers.json` (one case for each thing that a tier says), `decide-mixed.json` (many rules at
 * once, drawn with a fixed seed) and `decide-purposes.json` (which purpose lies below which). What is expected comes from `decide-reference.ts`. Deterministic:
 * `node tools/vectors/decide.ts` changes nothing unless the policy changed, and a test compares.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decideCases } from './decide-cases.ts'
import { drawCase, drawFrom } from './decide-draw.ts'
import { isBelow, PRINTED_PURPOSES } from './decide-reference-purposes.ts'
import { referenceDecision, type ReferenceCase } from './decide-reference.ts'
import { toPlain, type Plain, type VectorFile } from './plain.ts'
import { formatVectors, vectorFolder } from './protocol.ts'

const MIXED_CASES = 60

/** File name → contents. */
export function decideVectors(): ReadonlyMap<string, VectorFile> {
  const about =
    'A request, what is known of its reader and of the patient, a target and block time; and the decision. Byte strings are {"$bytes": hex}; the rules of a decision are hexadecimal ids, ascending.'
  return new Map([
    ['decide-tiers.json', { requirements: ['SPEC-DEC-1', 'SPEC-DEC-4', 'SPEC-DEC-5', 'SPEC-DEC-6', 'SPEC-DEC-7', 'SPEC-DEC-8', 'SPEC-DEC-9', 'SPEC-DEC-10', 'SPEC-DEC-11', 'SPEC-DEC-12', 'SPEC-DEC-13', 'SPEC-DEC-14', 'SPEC-DEC-15'], about, cases: decideCases().map(({ name, ...c }) => format(name, c)) }],
    ['decide-mixed.json', { requirements: ['SPEC-DEC-1', 'SPEC-DEC-4'], about, cases: mixedCases() }],
    ['decide-purposes.json', { requirements: ['SPEC-DEC-8'], about: 'HL7 PurposeOfUse: each code with all codes above it, nearest first.', cases: purposeCases() }],
  ])
}

function mixedCases(): VectorFile['cases'] {
  return Array.from({ length: MIXED_CASES }, (_, i) => format(`mixed ${i + 1}`, drawCase(drawFrom(i + 1))))
}

function purposeCases(): VectorFile['cases'] {
  return PRINTED_PURPOSES.map(({ code }) => {
    const above = PRINTED_PURPOSES.filter((other) => other.code !== code && isBelow(code, other.code)).sort((a, b) => b.depth - a.depth)
    return { code, above: above.map((other) => other.code) }
  })
}

function format(name: string, c: ReferenceCase): { readonly [key: string]: Plain } {
  return { name, ...(toPlain(c) as { readonly [key: string]: Plain }), decision: toPlain(referenceDecision(c)) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, file] of decideVectors()) writeFileSync(join(vectorFolder, name), formatVectors(file))
}

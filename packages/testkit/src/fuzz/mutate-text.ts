import type { SeededRandom } from '../simulation/random.ts'
import { mutateBytes, type Mutator } from './mutate-bytes.ts'
import { mutateTree, type Tree } from './mutate-tree.ts'

const decoder = new TextDecoder()
const encoder = new TextEncoder()
const ODD: readonly Tree[] = [null, true, false, '', 0, -1, 1.5, 1e308, 2 ** 53, [], {}, [null], [[]], [{}], { a: 1 }, 'x', ' ', '\u0000', '2026-02-30', '9'.repeat(40)]

/** Changes a JSON text as a document, and at times as text (repeated names, broken escapes, what no writer writes). */
export function mutateJson(dictionary: readonly Uint8Array[], words: readonly (string | number)[]): Mutator {
  const asBytes = mutateBytes(dictionary)
  const word = (random: SeededRandom): Tree => (random.chance(0.5) || words.length === 0 ? random.pick(ODD) : random.pick(words))
  return (input, random, other) => {
    const tree = random.chance(0.2) ? undefined : parsed(input)
    if (tree === undefined) return asBytes(input, random, other)
    return encoder.encode(JSON.stringify(mutateTree(tree, random, parsed(other) ?? null, word, (leaf) => leaf)) ?? 'null')
  }
}

function parsed(input: Uint8Array): Tree | undefined {
  try {
    return JSON.parse(decoder.decode(input)) as Tree
  } catch {
    return undefined
  }
}

/** Changes text between its separators (a query, a code, a note): parts change place, come twice, go, or become words. */
export function mutateText(dictionary: readonly Uint8Array[], words: readonly (string | number)[], separators: RegExp): Mutator {
  const asBytes = mutateBytes(dictionary)
  return (input, random, other) => {
    if (random.chance(0.35)) return asBytes(input, random, other)
    const parts = decoder.decode(input).split(separators)
    const others = decoder.decode(other).split(separators)
    for (let left = 1 + random.below(3); left > 0; left--) {
      const at = random.below(parts.length)
      const replacement = random.chance(0.4) && words.length > 0 ? String(random.pick(words)) : random.pick(random.chance(0.5) ? others : parts)
      parts.splice(at, random.below(2), ...(random.chance(0.2) ? [] : [replacement ?? '']))
      if (parts.length === 0) parts.push('')
    }
    return encoder.encode(parts.join(''))
  }
}

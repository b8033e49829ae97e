import type { SeededRandom } from '../simulation/random.ts'
import { readLoosely, writeLoosely } from './loose-cbor.ts'
import { mutateBytes, splice, type Mutator } from './mutate-bytes.ts'
import { mutateTree, type Tree } from './mutate-tree.ts'

const NUMBERS = [0, 1, -1, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, 2n ** 53n, 2n ** 64n - 1n, -(2n ** 64n)]
const LENGTHS = [0, 1, 8, 16, 20, 31, 32, 33, 64, 65]

/** Changes canonical CBOR as a document (also documents within byte strings), and at times as bytes. */
export function mutateCbor(dictionary: readonly Uint8Array[], words: readonly (string | number)[]): Mutator {
  const asBytes = mutateBytes(dictionary)
  const word = (random: SeededRandom): Tree => {
    switch (random.below(5)) {
      case 0:
        return random.pick(NUMBERS)
      case 1:
        return random.bytes(random.pick(LENGTHS))
      case 2:
        return random.pick<Tree>([null, true, false, '', [], {}])
      default:
        return words.length === 0 ? random.pick(NUMBERS) : random.pick(words)
    }
  }
  return (input, random, other) => {
    if (random.chance(0.25)) return asBytes(input, random, other)
    if (random.chance(0.1)) return longerHead(input, random)
    const tree = treeOf(input)
    if (tree === undefined) return asBytes(input, random, other)
    const inside = (leaf: Tree): Tree => {
      if (!(leaf instanceof Uint8Array)) return leaf
      const document = treeOf(leaf)
      return document === undefined ? leaf : writeLoosely(mutateTree(document, random, treeOf(other) ?? null, word, inside))
    }
    return writeLoosely(mutateTree(tree, random, treeOf(other) ?? null, word, inside))
  }
}

/** Inputs that are kept are taken apart once. */
const trees = new WeakMap<Uint8Array, { readonly tree: Tree | undefined }>()

function treeOf(bytes: Uint8Array): Tree | undefined {
  let known = trees.get(bytes)
  if (known === undefined) trees.set(bytes, (known = { tree: readLoosely(bytes) }))
  return known.tree
}

/** A head that says the same in more bytes than it needs, or never ends, or is tagged. */
function longerHead(input: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.below(input.length + 1)
  const head = input[at] ?? 0
  const major = head & 0xe0
  const minor = head & 0x1f
  return splice(input, at, 1, random.pick([
    Uint8Array.of(major | 24, minor), Uint8Array.of(major | 25, 0, minor), Uint8Array.of(major | 26, 0, 0, 0, minor),
    Uint8Array.of(major | 27, 0, 0, 0, 0, 0, 0, 0, minor), Uint8Array.of(major | 31), Uint8Array.of(0xc1, head), Uint8Array.of(0xd8, 0x2a, head), Uint8Array.of(0xf9, 0x3c, 0),
  ]))
}

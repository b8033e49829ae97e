import type { SeededRandom } from '../simulation/random.ts'

/** A value of JSON, or one of CBOR with byte strings and big integers. */
export type Tree = unknown

/** What stands in for a part: values of every kind at their edges, and the target's own words. */
export type TreeWords = (random: SeededRandom) => Tree

interface Place {
  readonly holder: Record<string, Tree> | Tree[]
  readonly key: string | number
}

/**
 * Changes a value at one to three places: another value, nothing, a part of another document, more of the same, another
 * name, or wrapped in lists. `inside` opens what is a document of its own (bytes, text) and closes it again.
 */
export function mutateTree(tree: Tree, random: SeededRandom, other: Tree, words: TreeWords, inside: (leaf: Tree) => Tree): Tree {
  const root = { document: copyOf(tree) }
  for (let left = 1 + random.below(3); left > 0; left--) {
    const places = placesOf(root)
    const { holder, key } = random.pick(places)
    const held = (holder as Record<string | number, Tree>)[key]
    const put = (value: Tree): void => {
      ;(holder as Record<string | number, Tree>)[key] = value
    }
    switch (random.below(10)) {
      case 0:
        if (Array.isArray(holder)) holder.splice(key as number, 1)
        else if (holder !== root) delete holder[key as string]
        break
      case 1:
        if (Array.isArray(holder)) for (let more = random.chance(0.05) ? 300 : 1; more > 0; more--) holder.splice(key as number, 0, copyOf(held))
        else put([held, copyOf(held)])
        break
      case 2: {
        const there = random.pick(placesOf({ document: other }))
        put(copyOf((there.holder as Record<string | number, Tree>)[there.key]))
        break
      }
      case 3: {
        const there = random.pick(places)
        put(copyOf((there.holder as Record<string | number, Tree>)[there.key]))
        break
      }
      case 4:
        if (!Array.isArray(holder) && holder !== root) {
          delete holder[key as string]
          define(holder, String(random.chance(0.5) ? words(random) : random.pick(NAMES)), held)
        }
        break
      case 5:
        if (typeof held === 'object' && held !== null && !Array.isArray(held) && !(held instanceof Uint8Array)) define(held as Record<string, Tree>, random.pick(NAMES), copyOf(words(random)))
        else put(inside(held))
        break
      case 6:
        for (let depth = random.chance(0.1) ? random.below(200) : 1; depth > 0; depth--) put(random.chance(0.5) ? [(holder as Record<string | number, Tree>)[key]] : { a: (holder as Record<string | number, Tree>)[key] })
        break
      case 7:
        put(near(held, random))
        break
      case 8:
        put(inside(held))
        break
      default:
        put(copyOf(words(random)))
    }
  }
  return root.document
}

const NAMES = ['', 'a', '__proto__', 'constructor', 'toString', 'length', 'type', 'id', 'v', 'resourceType', 'extension', '_id', 'kind', 'salt']

/** `__proto__` as a name like any other. */
function define(holder: Record<string, Tree>, name: string, value: Tree): void {
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true })
}

/** A value of the same kind, a little different. */
function near(value: Tree, random: SeededRandom): Tree {
  if (typeof value === 'number') return random.pick([value + 1, value - 1, -value, value * 2, value + 0.5, 2 ** 32 + value, 2 ** 53])
  if (typeof value === 'bigint') return value + 1n
  if (typeof value === 'boolean') return !value
  if (typeof value === 'string') {
    const at = random.below(value.length + 1)
    const middle = random.pick(['', ' ', '\u0000', 'é', '\ud800', '😀', value.slice(0, 3), value[at] ?? 'a', '-', '.', ':', '/', '|', '%', '2', 'Z'])
    return value.slice(0, at) + middle + value.slice(at + random.below(3))
  }
  if (value instanceof Uint8Array) {
    if (value.length === 0) return random.bytes(1)
    const changed = random.chance(0.3) ? value.slice(0, value.length - 1) : random.chance(0.3) ? Uint8Array.of(...value.subarray(0, 512), 0) : value.slice()
    if (changed.length > 0) changed[random.below(changed.length)] = random.below(256)
    return changed
  }
  if (Array.isArray(value)) return [...(value as Tree[])].reverse()
  return value
}

function placesOf(root: Record<string, Tree>): Place[] {
  const places: Place[] = []
  const collect = (holder: Record<string, Tree> | Tree[], depth: number): void => {
    for (const key of Object.keys(holder)) {
      if (places.length > 2000) return
      const value = (holder as Record<string, Tree>)[key]
      places.push({ holder, key: Array.isArray(holder) ? Number(key) : key })
      if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && depth < 40) collect(value as Record<string, Tree>, depth + 1)
    }
  }
  collect(root, 0)
  return places
}

function copyOf(value: Tree): Tree {
  if (Array.isArray(value)) return value.map(copyOf)
  if (value instanceof Uint8Array) return value
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, Tree> = {}
  for (const key of Object.keys(value)) {
    const part = copyOf((value as Record<string, Tree>)[key])
    if (key === '__proto__') define(copy, key, part)
    else copy[key] = part
  }
  return copy
}

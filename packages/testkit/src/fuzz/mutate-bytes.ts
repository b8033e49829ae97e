import type { SeededRandom } from '../simulation/random.ts'

/** Changes an input into another one, somewhat like it. `other`: an input to take parts of. */
export type Mutator = (input: Uint8Array, random: SeededRandom, other: Uint8Array) => Uint8Array

const EDGES = [0, 1, 2, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1f, 0x20, 0x3f, 0x40, 0x5f, 0x60, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xd9, 0xf4, 0xf5, 0xf6, 0xf7, 0xf9, 0xfb, 0xfe, 0xff]
const WORDS = [0, 1, 0x7f, 0xff, 0x100, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]

/** A few changes to the bytes, whatever they mean; `dictionary`: byte strings that may matter. */
export function mutateBytes(dictionary: readonly Uint8Array[]): Mutator {
  return (input, random, other) => {
    let bytes = input
    for (let left = 1 + random.below(random.chance(0.2) ? 8 : 2); left > 0; left--) bytes = changeOnce(bytes, random, other, dictionary)
    return bytes
  }
}

function changeOnce(bytes: Uint8Array, random: SeededRandom, other: Uint8Array, dictionary: readonly Uint8Array[]): Uint8Array {
  if (bytes.length === 0) return random.chance(0.5) ? random.bytes(1 + random.below(8)) : other.slice()
  const at = random.below(bytes.length)
  const length = 1 + random.below(Math.min(bytes.length - at, random.chance(0.1) ? 4096 : 12))
  switch (random.below(13)) {
    case 0:
      return withByte(bytes, at, (bytes[at] as number) ^ (1 << random.below(8)))
    case 1:
      return withByte(bytes, at, random.pick(EDGES))
    case 2:
      return withByte(bytes, at, (bytes[at] as number) + random.between(-16, 16))
    case 3:
      return withByte(bytes, at, random.below(256))
    case 4:
      return splice(bytes, at, length, NOTHING)
    case 5:
      return splice(bytes, at, 0, bytes.subarray(at, at + length))
    case 6:
      return splice(bytes, random.below(bytes.length + 1), 0, random.bytes(1 + random.below(6)))
    case 7:
      return splice(bytes, at, random.chance(0.5) ? 4 : 0, wordOf(random.pick(WORDS), random.chance(0.3) ? 8 : random.chance(0.5) ? 4 : 2))
    case 8:
      return bytes.slice(0, at)
    case 9: {
      const from = random.below(other.length + 1)
      return splice(bytes, at, random.chance(0.5) ? length : 0, other.subarray(from, from + 1 + random.below(64)))
    }
    case 10: {
      const from = random.below(bytes.length)
      return splice(bytes, at, length, bytes.subarray(from, from + length))
    }
    default: {
      if (dictionary.length === 0) return withByte(bytes, at, random.below(256))
      const word = random.pick(dictionary)
      return splice(bytes, at, random.chance(0.5) ? word.length : 0, word)
    }
  }
}

const NOTHING = new Uint8Array(0)

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = bytes.slice()
  changed[at] = value
  return changed
}

/** As `Array.prototype.toSpliced`. */
export function splice(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const rest = bytes.subarray(Math.min(bytes.length, at + removed))
  const changed = new Uint8Array(at + added.length + rest.length)
  changed.set(bytes.subarray(0, at))
  changed.set(added, at)
  changed.set(rest, at + added.length)
  return changed
}

function wordOf(value: number, bytes: number): Uint8Array {
  const word = new Uint8Array(bytes)
  for (let i = bytes - 1, left = value; i >= 0; i--, left = Math.floor(left / 256)) word[i] = left % 256
  return word
}

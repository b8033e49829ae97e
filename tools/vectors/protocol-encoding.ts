import { decode, encode } from '@ipld/dag-cbor'
import { toPlain, type VectorFile } from './plain.ts'
import { hex, sampleBytes } from './protocol-reference.ts'

const VALUES: readonly (readonly [string, unknown])[] = [
  ['null', null], ['false', false], ['true', true],
  ['0', 0], ['23: within the head', 23], ['24: one byte more', 24], ['255', 255], ['256', 256], ['65535', 65535], ['65536', 65536],
  ['2^32 - 1', 0xffff_ffff], ['2^32', 0x1_0000_0000], ['2^53 - 1', Number.MAX_SAFE_INTEGER], ['2^53', 2n ** 53n], ['2^64 - 1', 2n ** 64n - 1n],
  ['-1', -1], ['-24', -24], ['-25', -25], ['-2^53 + 1', Number.MIN_SAFE_INTEGER], ['-2^53', -(2n ** 53n)], ['-2^64', -(2n ** 64n)],
  ['a time in milliseconds', 1_796_000_000_000],
  ['empty text', ''], ['ASCII', 'chiron'], ['two, three and four bytes of UTF-8', 'é€𝄞'], ['24 characters', 'abcdefghijklmnopqrstuvwx'],
  ['a byte order mark stays', '\ufeffx'],
  ['no bytes', new Uint8Array()], ['32 bytes', sampleBytes('encoding', 32)], ['256 bytes', sampleBytes('encoding', 256)],
  ['empty array', []], ['nested arrays', [1, [2, [3, []]]]], ['24 items', Array.from({ length: 24 }, (_, i) => i)],
  ['empty map', {}], ['keys by length, then by bytes', { b: 1, aa: 2, a: 3, B: 4, ab: 5, '-': 6 }],
  ['map in map', { outer: { inner: [null, true, { x: new Uint8Array(1) }] } }],
  ['32 levels', Array.from({ length: 31 }).reduce<unknown>((inner) => [inner], [])],
]

export function encodingVectors(): VectorFile {
  return {
    requirements: ['SPEC-ENC-1', 'SPEC-ENC-2'],
    about: 'Encoding `value` gives `hex`, and decoding `hex` gives `value`.',
    cases: VALUES.map(([name, value]) => ({ name, value: toPlain(value), hex: hex(encode(value)) })),
  }
}

type Code = 'ERR_PROTOCOL_ENCODING' | 'ERR_PROTOCOL_NOT_CANONICAL' | 'ERR_PROTOCOL_LIMIT'
const bad: Code = 'ERR_PROTOCOL_ENCODING'
const loose: Code = 'ERR_PROTOCOL_NOT_CANONICAL'
const limit: Code = 'ERR_PROTOCOL_LIMIT'

const REFUSED: readonly (readonly [string, string, Code])[] = [
  ['nothing at all', '', bad],
  ['a head cut short', '19', bad],
  ['text cut short', '63616b', bad],
  ['array cut short', '8201', bad],
  ['map without its value', 'a16161', bad],
  ['a length of 2^64 - 1', '5bffffffffffffffff', bad],
  ['an array said to have 2^32 items', '9b000000010000000001', bad],
  ['two values', '0101', loose],
  ['0 in two bytes', '1800', loose],
  ['23 in two bytes', '1817', loose],
  ['255 in three bytes', '1900ff', loose],
  ['65535 in five bytes', '1a0000ffff', loose],
  ['2^32 - 1 in nine bytes', '1b00000000ffffffff', loose],
  ['-1 in two bytes', '3800', loose],
  ['a longer head on bytes', '580101', loose],
  ['a longer head on text', '780161', loose],
  ['a longer head on an array', '980101', loose],
  ['a longer head on a map', 'b801616101', loose],
  ['keys not sorted by bytes', 'a2616201616101', loose],
  ['keys not sorted by length', 'a262616101616201', loose],
  ['a key twice', 'a2616101616102', loose],
  ['1.5 as a half float', 'f93e00', bad],
  ['1.5 as a float', 'fa3fc00000', bad],
  ['1.5 as a double', 'fb3ff8000000000000', bad],
  ['1.0 as a double', 'fb3ff0000000000000', bad],
  ['-0.0 as a double', 'fb8000000000000000', bad],
  ['NaN', 'f97e00', bad],
  ['infinity', 'f97c00', bad],
  ['undefined', 'f7', bad],
  ['simple value 0', 'e0', bad],
  ['simple value 32 in two bytes', 'f820', bad],
  ['true in two bytes', 'f815', bad],
  ['break', 'ff', bad],
  ['an array without a length', '9f01ff', bad],
  ['a map without a length', 'bf616101ff', bad],
  ['text in pieces', '7f61616162ff', bad],
  ['bytes in pieces', '5f41014102ff', bad],
  ['a reserved head', '1c', bad],
  ['tag 0', 'c06161', bad],
  ['a bignum', 'c249010000000000000000', bad],
  ['a CID (tag 42)', `d82a5825000171122000${'00'.repeat(31)}`, bad],
  ['a key that is a number', 'a10101', bad],
  ['a key that is bytes', 'a1416101', bad],
  ['an empty key', 'a16001', bad],
  ['the key __proto__', `a1695f5f70726f746f5f5fa0`, bad],
  ['a key that is not ASCII', 'a162c3a901', bad],
  ['a key of 65 characters', `a17841${'61'.repeat(65)}01`, bad],
  ['a lone continuation byte', '6180', bad],
  ['UTF-8 longer than needed', '62c080', bad],
  ['a surrogate in UTF-8', '63eda080', bad],
  ['UTF-8 cut short', '62e282', bad],
  ['33 levels of arrays', `${'81'.repeat(32)}80`, limit],
  ['33 levels of maps', `${'a16161'.repeat(32)}a0`, limit],
  ['10,000 levels', '81'.repeat(10_000), limit],
]

export function refusedEncodingVectors(): VectorFile {
  return {
    requirements: ['SPEC-ENC-2', 'SPEC-ENC-3', 'SPEC-ENC-4'],
    about: 'Decoding `hex` fails with `code`. `libraryAccepts` tells what @ipld/dag-cbor 10.0.2 alone would have let through.',
    cases: REFUSED.map(([name, text, code]) => ({ name, hex: text, code, libraryAccepts: libraryAccepts(text) })),
  }
}

function libraryAccepts(text: string): boolean {
  try {
    decode(new Uint8Array(Buffer.from(text, 'hex')))
    return true
  } catch {
    return false
  }
}

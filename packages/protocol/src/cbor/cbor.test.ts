import { decode as libraryDecode, encode as libraryEncode } from '@ipld/dag-cbor'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equalBytes, fromHex, toHex } from '../bytes.ts'
import { ProtocolError } from '../errors.ts'
import { isKey, MAX_DEPTH } from './model.ts'
import { readCbor } from './read.ts'
import { writeCbor } from './write.ts'

const key = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), minLength: 1, maxLength: 12 }).filter(isKey)
const integer = fc.oneof(fc.maxSafeInteger().map((n) => (n === 0 ? 0 : n)), fc.nat(70_000), fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), fc.bigInt({ min: -(2n ** 64n), max: -(2n ** 53n) }))
const model = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false),
    integer,
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
    fc.array(tie('value'), { maxLength: 30 }),
    fc.dictionary(key, tie('value'), { maxKeys: 8, noNullPrototype: true }),
  ),
})).value

/** What the library makes of the bytes when it is asked to be strict by encoding again, or undefined. */
function libraryRoundTrip(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    const value: unknown = libraryDecode(bytes)
    return equalBytes(libraryEncode(value), bytes) ? { value } : undefined
  } catch {
    return undefined
  }
}

function accepts(bytes: Uint8Array): boolean {
  try {
    readCbor(bytes)
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError)
    return false
  }
}

test('writes what the library writes, and reads it back', () => {
  fc.assert(
    fc.property(model, (value) => {
      const bytes = writeCbor(value)
      expect(toHex(bytes)).toBe(toHex(libraryEncode(value)))
      expect(readCbor(bytes)).toEqual(value)
    }),
    { numRuns: 500 },
  )
})

test('whatever it reads, it writes again as the same bytes, and the library agrees', () => {
  const mutated = fc.tuple(model, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 })).map(([value, edits]) => {
    const bytes = writeCbor(value)
    for (const [at, byte] of edits) bytes[at % bytes.length] = byte
    return bytes
  })
  let accepted = 0
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 12 })), (bytes) => {
      if (!accepts(bytes)) return
      accepted++
      const value = readCbor(bytes)
      expect(toHex(writeCbor(value))).toBe(toHex(bytes))
      // The library drops a byte order mark.
      if (!toHex(bytes).includes('efbbbf')) expect(libraryRoundTrip(bytes)?.value).toEqual(value)
    }),
    { numRuns: 3000 },
  )
  expect(accepted).toBeGreaterThan(100)
})

test('agrees with a round trip of the library on every two bytes, alone and in an array', () => {
  const differing: string[] = []
  for (let n = 0; n < 0x1_0000; n++) {
    for (const bytes of [Uint8Array.of(n >> 8, n & 255), Uint8Array.of(0x81, n >> 8, n & 255)]) {
      if (accepts(bytes) !== (libraryRoundTrip(bytes) !== undefined)) differing.push(toHex(bytes))
    }
  }
  expect(differing).toEqual([])
})

describe('writing refuses', () => {
  class Person {
    readonly name = 'x'
  }
  const deep = (levels: number): unknown => Array.from({ length: levels }).reduce<unknown>((inner) => [inner], 0)
  test.each<readonly [string, unknown, string]>([
    ['a float', 0.5, 'ERR_PROTOCOL_ENCODING'],
    ['-0', -0, 'ERR_PROTOCOL_ENCODING'],
    ['NaN', Number.NaN, 'ERR_PROTOCOL_ENCODING'],
    ['infinity', Number.POSITIVE_INFINITY, 'ERR_PROTOCOL_ENCODING'],
    ['2^53 as a number', 2 ** 53, 'ERR_PROTOCOL_ENCODING'],
    ['2^64', 2n ** 64n, 'ERR_PROTOCOL_ENCODING'],
    ['-2^64 - 1', -(2n ** 64n) - 1n, 'ERR_PROTOCOL_ENCODING'],
    ['undefined', undefined, 'ERR_PROTOCOL_ENCODING'],
    ['a field that is undefined', { a: undefined }, 'ERR_PROTOCOL_ENCODING'],
    ['a hole in an array', new Array(1), 'ERR_PROTOCOL_ENCODING'],
    ['the key __proto__', JSON.parse('{"__proto__":1}'), 'ERR_PROTOCOL_ENCODING'],
    ['an empty key', { '': 1 }, 'ERR_PROTOCOL_ENCODING'],
    ['a key that is not ASCII', { é: 1 }, 'ERR_PROTOCOL_ENCODING'],
    ['an instance of a class', new Person(), 'ERR_PROTOCOL_ENCODING'],
    ['a Map', new Map(), 'ERR_PROTOCOL_ENCODING'],
    ['a Date', new Date(0), 'ERR_PROTOCOL_ENCODING'],
    ['other typed arrays', new Uint16Array(1), 'ERR_PROTOCOL_ENCODING'],
    ['a function', () => 1, 'ERR_PROTOCOL_ENCODING'],
    ['a symbol', Symbol('x'), 'ERR_PROTOCOL_ENCODING'],
    ['a lone high surrogate', 'a\ud800', 'ERR_PROTOCOL_ENCODING'],
    ['a lone low surrogate', '\udc00a', 'ERR_PROTOCOL_ENCODING'],
    ['surrogates in the wrong order', '\udc00\ud800', 'ERR_PROTOCOL_ENCODING'],
    ['33 levels', deep(MAX_DEPTH + 1), 'ERR_PROTOCOL_LIMIT'],
  ])('%s', (_name, value, code) => {
    expect(() => writeCbor(value)).toThrow(expect.objectContaining({ code }))
  })

  test('a cycle', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    expect(() => writeCbor(cycle)).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL_LIMIT' }))
  })

  test('nothing at the deepest level allowed', () => {
    expect(readCbor(writeCbor(deep(MAX_DEPTH)))).toEqual(deep(MAX_DEPTH))
  })
})

test('byte strings are copies, also out of a Buffer', () => {
  const source = Buffer.from(fromHex('43010203'))
  const value = readCbor(source) as Uint8Array
  source.fill(0)
  expect(value).toEqual(Uint8Array.of(1, 2, 3))
  expect(value.constructor).toBe(Uint8Array)
})

test('reads every Unicode character and nothing that is none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 6 }), (raw) => {
      const bytes = Uint8Array.of(0x60 + raw.length, ...raw)
      let text: string | undefined
      try {
        text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw)
      } catch {
        text = undefined
      }
      if (text === undefined) expect(accepts(bytes)).toBe(false)
      else expect(readCbor(bytes)).toBe(text)
    }),
    { numRuns: 5000 },
  )
})

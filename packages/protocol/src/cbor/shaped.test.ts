import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { signedBlock } from '../block.ts'
import { fromHex } from '../bytes.ts'
import { genesis } from '../genesis.ts'
import { message } from '../messages/index.ts'
import { timeMs } from '../schema.ts'
import { signedTx, txBody } from '../tx.ts'
import { readCbor } from './read.ts'
import { readShaped, REFUSED } from './shaped.ts'
import { writeCbor } from './write.ts'

type Schema = v.GenericSchema<unknown, unknown>

const NOTHING = Symbol('nothing')

/** What the plain way gives: everything is read, then judged. */
function plainly(schema: Schema, bytes: Uint8Array): unknown {
  try {
    const parsed = v.safeParse(schema, readCbor(bytes))
    return parsed.success ? parsed.output : NOTHING
  } catch {
    return NOTHING
  }
}

function quickly(schema: Schema, bytes: Uint8Array): unknown {
  try {
    const value = readShaped(schema, bytes)
    return value === REFUSED ? NOTHING : value
  } catch {
    return NOTHING
  }
}

/** Transactions of every message, from the vectors. */
function vectors(): Uint8Array[] {
  const path = join(import.meta.dirname, '../../../../spec/vectors/tx-signed.json')
  const found = new Set(readFileSync(path, 'utf8').match(/"[0-9a-f]{80,}"/g))
  return [...found].map((text) => fromHex(text.slice(1, -1)))
}

const assorted: readonly (readonly [string, Schema, readonly unknown[]])[] = [
  ['a map with an optional key', v.strictObject({ b: v.string(), aa: v.exactOptional(v.number()), c: v.nullable(v.boolean()) }), [{ b: 'x', c: null }, { b: '', aa: 3, c: true }, { b: 'x' }, { b: 'x', c: false, d: 1 }, { b: 1, c: null }]],
  ['a tuple', v.strictTuple([v.number(), v.string()]), [[1, 'a'], [1], [1, 'a', 2], ['a', 1], []]],
  ['bounded numbers', v.pipe(v.number(), v.safeInteger(), v.minValue(3), v.maxValue(300)), [3, 300, 2, 301, -4, 2n ** 60n, 'a']],
  ['time', timeMs, [0, 1, Number.MAX_SAFE_INTEGER, 2n ** 53n, -1]],
  ['bounded text', v.pipe(v.string(), v.regex(/^[a-c]+$/), v.maxLength(3)), ['a', 'abc', 'abca', '', 'd', 'ä']],
  ['a choice', v.picklist(['one', 'two']), ['one', 'two', 'three', 1]],
  ['what is left to the schema', v.union([v.string(), v.array(v.number())]), ['a', [1, 2], ['a'], null]],
  ['a record', v.record(v.string(), v.union([v.string(), v.number(), v.instance(Uint8Array)])), [{}, { a: 1, b: new Uint8Array(3) }, { a: null }]],
  ['kinds told apart late', v.variant('kind', [v.strictObject({ a: v.number(), kind: v.literal('x') }), v.strictObject({ b: v.string(), kind: v.literal('y') })]), [{ a: 1, kind: 'x' }, { b: 's', kind: 'y' }, { a: 1, kind: 'y' }, { a: 1 }, { kind: 'z' }, 'x']],
  ['nesting', v.array(v.array(v.array(v.number()))), [[], [[[1]]], [[1]], [[[1], []], []]]],
]

describe('reading into a shape', () => {
  it.each(assorted)('%s: takes what the plain way takes, and gives the same', (_name, schema, values) => {
    for (const value of values) expect(quickly(schema, writeCbor(value))).toEqual(plainly(schema, writeCbor(value)))
    expect(values.some((value) => quickly(schema, writeCbor(value)) !== NOTHING)).toBe(true)
    expect(values.some((value) => quickly(schema, writeCbor(value)) === NOTHING)).toBe(true)
  })

  it('takes every transaction of the vectors', () => {
    const txs = vectors().filter((bytes) => plainly(signedTx, bytes) !== NOTHING)
    expect(txs.length).toBeGreaterThan(0)
    for (const bytes of txs) {
      const tx = quickly(signedTx, bytes) as v.InferOutput<typeof signedTx>
      expect(tx).toEqual(plainly(signedTx, bytes))
      expect(quickly(txBody, tx.body)).toEqual(plainly(txBody, tx.body))
      expect(quickly(txBody, tx.body)).not.toBe(NOTHING)
    }
  })

  it('takes no changed bytes that the plain way refuses', () => {
    const seeds = vectors()
    const schemas: readonly Schema[] = [signedTx, txBody, message, signedBlock, genesis]
    const change = fc.record({
      seed: fc.nat(seeds.length - 1),
      at: fc.nat(400),
      kind: fc.constantFrom('set', 'insert', 'delete', 'cut'),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(0xf5, 0xf6, 0x18, 0x19, 0x1b, 0x40, 0x60, 0x78, 0x80, 0xa0, 0xa1, 0xbf)),
    })
    let taken = 0
    fc.assert(
      fc.property(change, ({ seed, at, kind, byte }) => {
        const bytes = [...(seeds[seed] as Uint8Array)]
        const place = at % (bytes.length + 1)
        if (kind === 'set' && place < bytes.length) bytes[place] = byte
        if (kind === 'insert') bytes.splice(place, 0, byte)
        if (kind === 'delete') bytes.splice(place, 1)
        if (kind === 'cut') bytes.length = place
        const input = Uint8Array.from(bytes)
        for (const schema of schemas) {
          const quick = quickly(schema, input)
          if (quick === NOTHING) continue
          taken++
          expect(quick).toEqual(plainly(schema, input))
        }
      }),
      { numRuns: 4_000 },
    )
    expect(taken).toBeGreaterThan(10)
  })
})

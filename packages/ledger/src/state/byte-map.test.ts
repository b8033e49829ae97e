import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes } from '@chiron/protocol'
import { ByteMap } from './byte-map.ts'

const anyKey = fc.uint8Array({ maxLength: 3 }).map((bytes) => bytes.map((byte) => [0, 1, 127, 128, 255][byte % 5] as number))
const step = fc.record({ key: anyKey, value: fc.option(fc.nat(), { nil: null }) })

test('agrees with a sorted array', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), anyKey, fc.option(anyKey), fc.integer({ min: 0, max: 5 }), (steps, from, to, limit) => {
      const map = new ByteMap<number>()
      const model = new Map<string, [Uint8Array, number]>()
      for (const { key, value } of steps) {
        if (value === null) expect(map.delete(key)).toBe(model.delete(key.join()))
        else {
          map.set(key, value)
          model.set(key.join(), [key, value])
        }
      }
      const within = [...model.values()]
        .filter(([key]) => compareBytes(key, from) >= 0 && (to === null || compareBytes(key, to) < 0))
        .sort(([a], [b]) => compareBytes(a, b))
      expect(map.size).toBe(model.size)
      expect(map.range(from, to ?? undefined)).toEqual(within)
      expect(map.range(from, to ?? undefined, limit)).toEqual(within.slice(0, limit))
      expect(map.rangeReverse(from, to ?? undefined, limit)).toEqual(within.toReversed().slice(0, limit))
    }),
  )
})

test('stays sorted over many chunks', () => {
  const map = new ByteMap<number>()
  const keyOf = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 255)
  for (let i = 0; i < 5000; i++) map.set(keyOf((i * 2741) % 5000), i)
  for (let i = 0; i < 5000; i += 3) map.delete(keyOf(i))
  const expected = Array.from({ length: 5000 }, (_, i) => i).filter((i) => i % 3 !== 0)
  expect(map.entries().map(([key]) => (key[0] as number) * 256 + (key[1] as number))).toEqual(expected)
  expect(map.rangeReverse(keyOf(0), keyOf(2000), 2).map(([key]) => [...key])).toEqual([[...keyOf(1999)], [...keyOf(1997)]])
})

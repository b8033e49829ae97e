import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { textOf } from './byte-text.ts'

it('has one character for each byte, of arrays and of views into longer ones', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, from) => {
      const expected = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
      expect(textOf(bytes)).toBe(expected)
      expect(textOf(Buffer.from(bytes))).toBe(expected)
      expect(textOf(bytes.subarray(from))).toBe(expected.slice(from))
    }),
  )
})

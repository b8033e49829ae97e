import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromBase64url, toBase64url } from './base64url.ts'

test('agrees with the platform', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64url')
      expect(toBase64url(bytes)).toBe(text)
      expect(fromBase64url(text)).toEqual(bytes)
    }),
  )
})

test('reads one text for each byte string', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('A', 'B', '-', '_', '8', '=', '+', ' '), maxLength: 8 }), (text) => {
      const bytes = fromBase64url(text)
      if (bytes !== undefined) expect(toBase64url(bytes)).toBe(text)
    }),
  )
  for (const text of ['A', 'AB', 'AAB', 'AA==', 'A+AA', 'AA A']) expect(fromBase64url(text)).toBeUndefined()
})

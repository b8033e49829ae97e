import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hmacSha256 } from './bytes.ts'

test('HMAC-SHA-256 is that of others, for keys shorter and longer than a block', () => {
  const bytes = fc.uint8Array({ maxLength: 200 })
  fc.assert(fc.property(bytes, bytes, (key, data) => {
    expect(hmacSha256(key, data)).toEqual(new Uint8Array(createHmac('sha256', key).update(data).digest()))
  }), { examples: [[new Uint8Array(64).fill(1), new Uint8Array(0)], [new Uint8Array(65).fill(1), new Uint8Array(1)], [new Uint8Array(0), new Uint8Array(0)]] })
})

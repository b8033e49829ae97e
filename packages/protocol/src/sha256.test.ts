import { hash } from 'node:crypto'
import { sha256 as portable } from '@noble/hashes/sha2.js'
import { afterEach, expect, test } from 'vitest'
import { sha256, useSha256 } from './sha256.ts'

const native = (data: Uint8Array): Uint8Array => new Uint8Array(hash('sha256', data, 'buffer'))
const refused = expect.objectContaining({ code: 'ERR_PROTOCOL_HASH' })

afterEach(() => useSha256((data) => portable(data)))

test.each([
  ['another hash', (data: Uint8Array) => new Uint8Array(hash('sha512', data, 'buffer')).subarray(0, 32)],
  ['one that is wrong for one length', (data: Uint8Array) => native(data.length === 183 ? data.subarray(1) : data)],
  ['one that looks at the beginning only', (data: Uint8Array) => native(data.subarray(0, 128))],
  ['one that is too long', (data: Uint8Array) => Uint8Array.of(...native(data), 0)],
])('refuses %s and goes on as before', (_name, other) => {
  expect(() => useSha256(other)).toThrow(refused)
  expect(sha256(new Uint8Array(183))).toEqual(native(new Uint8Array(183)))
})

test('uses the one it was given, from then on', () => {
  let calls = 0
  useSha256((data) => {
    calls++
    return native(data)
  })
  const before = calls
  expect(sha256(Uint8Array.of(1, 2, 3))).toEqual(portable(Uint8Array.of(1, 2, 3)))
  expect(calls).toBe(before + 1)
})

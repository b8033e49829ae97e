import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { derivedId, deriveDid, didBytes, formatDid, isDid, parseDid, type RecordId, type TxId } from './ids.ts'
import { handleOf, patientTagKey, recordIdOf, tagOf, CATEGORIES, LABELS } from './tags.ts'
import { custodyReceiptBytes, keyCommitment, shareCommitment } from './commitments.ts'
import { toHex } from './bytes.ts'

test('every 20 bytes are a DID and come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
      const did = formatDid(bytes)
      expect(isDid(did)).toBe(true)
      expect(didBytes(parseDid(did))).toEqual(new Uint8Array(bytes))
    }),
  )
})

test('text that is a DID stands for one byte string only', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^did:chiron:[a-z2-7]{32}$/), (text) => {
      expect(formatDid(didBytes(parseDid(text)))).toBe(text)
    }),
  )
})

test.each([0, 19, 21])('a DID is not made of %d bytes', (length) => {
  expect(() => formatDid(new Uint8Array(length))).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL_ID' }))
})

describe('derived ids differ in each of their inputs', () => {
  const bytes = (fill: number, length: number): Uint8Array => new Uint8Array(length).fill(fill)
  test('DIDs', () => {
    const dids = [
      deriveDid('patient', bytes(1, 32), bytes(1, 16)), deriveDid('device', bytes(1, 32), bytes(1, 16)),
      deriveDid('patient', bytes(2, 32), bytes(1, 16)), deriveDid('patient', bytes(1, 32), bytes(2, 16)),
    ]
    expect(new Set(dids).size).toBe(4)
  })
  test('objects', () => {
    const [one, two] = [bytes(1, 32) as TxId, bytes(2, 32) as TxId]
    const ids = [derivedId(one, 0), derivedId(two, 0), derivedId(one, 1), derivedId(one, 0, 1), derivedId(one, 1, 1)]
    expect(new Set(ids.map(toHex)).size).toBe(5)
    expect(derivedId(one, 3, 0)).toEqual(derivedId(one, 3))
  })
  test('handles, records and tags', () => {
    const [one, two] = [bytes(1, 32), bytes(2, 32)]
    expect(new Set([handleOf(one, 'a'), handleOf(two, 'a'), handleOf(one, 'b')].map(toHex)).size).toBe(3)
    expect(new Set([recordIdOf(one, 'A', 'b'), recordIdOf(two, 'A', 'b'), recordIdOf(one, 'B', 'b'), recordIdOf(one, 'A', 'c')].map(toHex)).size).toBe(4)
    const keys = [patientTagKey(one, handleOf(one, 'a')), patientTagKey(one, handleOf(one, 'b')), patientTagKey(two, handleOf(one, 'a'))]
    const tags = keys.flatMap((key) => [...CATEGORIES.map((word) => tagOf(key, 'category', word)), ...LABELS.map((word) => tagOf(key, 'label', word))])
    expect(new Set(tags.map(toHex)).size).toBe(3 * (CATEGORIES.length + LABELS.length))
    expect(tags.every((tag) => tag.length === 8)).toBe(true)
  })
})

test('commitments refuse lengths under which two inputs would be one', () => {
  const record = new Uint8Array(16) as RecordId
  const code = 'ERR_PROTOCOL_ENCODING'
  expect(() => keyCommitment(record, new Uint8Array(15), new Uint8Array(32))).toThrow(expect.objectContaining({ code }))
  expect(() => keyCommitment(new Uint8Array(17) as RecordId, new Uint8Array(16), new Uint8Array(32))).toThrow(expect.objectContaining({ code }))
  expect(() => keyCommitment(record, new Uint8Array(16), new Uint8Array(31))).toThrow(expect.objectContaining({ code }))
  expect(() => shareCommitment(record, new Uint8Array(16), 256, new Uint8Array(33))).toThrow(expect.objectContaining({ code }))
  expect(() => custodyReceiptBytes('chiron-test', 2 ** 32, new Uint8Array(32))).toThrow(expect.objectContaining({ code }))
})

import { describe, expect, test } from 'vitest'
import * as v from 'valibot'
import { encodeCanonical } from './encoding.ts'
import { formatDid } from './ids.ts'
import { message } from './messages/index.ts'
import { blockHeader, signedBlock, signedHeader } from './block.ts'
import { genesis } from './genesis.ts'
import { decodeTx, encodeTx, formatTxCid, MAX_TX_BYTES, parseTxCid, signedTx, txBody, txIdOf } from './tx.ts'

const did = formatDid(new Uint8Array(20))
const body = encodeCanonical({
  chainId: 'chiron-test', signer: did, keyId: 'k1', validUntil: 1,
  messages: [{ type: 'identity.revokeDelegation', salt: new Uint8Array(16), to: did }],
})

test('an id is known from the body alone, however it was signed', () => {
  const one = decodeTx(encodeTx(body, new Uint8Array(64)))
  const two = decodeTx(encodeTx(body, new Uint8Array(64).fill(1)))
  expect(one.id).toEqual(txIdOf(body))
  expect(two.id).toEqual(one.id)
})

test('uses the hash it is given', () => {
  expect(decodeTx(encodeTx(body, new Uint8Array(64)), () => new Uint8Array(32).fill(9)).id).toEqual(new Uint8Array(32).fill(9))
})

test('refuses more than 4 MiB before reading', () => {
  expect(() => decodeTx(new Uint8Array(MAX_TX_BYTES + 1))).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL_LIMIT' }))
})

describe('parseTxCid', () => {
  test.each(['', 'bafy', 'not a cid', 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG', formatTxCid(txIdOf(body)).toUpperCase()])('refuses %j', (text) => {
    expect(() => parseTxCid(text)).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL_ID' }))
  })
})

/** Kinds of schema that let through what they do not name. */
const OPEN_KINDS = new Set(['object', 'loose_object', 'object_with_rest', 'record', 'any', 'unknown', 'map', 'set', 'date'])

function kindsWithin(schema: unknown, seen = new Set<unknown>()): string[] {
  if (typeof schema !== 'object' || schema === null || seen.has(schema) || schema instanceof Uint8Array) return []
  seen.add(schema)
  const own = 'type' in schema && 'kind' in schema && schema.kind === 'schema' && typeof schema.type === 'string' ? [schema.type] : []
  const inner = Object.values(schema).flatMap((part) => (Array.isArray(part) ? part.flatMap((item) => kindsWithin(item, seen)) : kindsWithin(part, seen)))
  return [...own, ...inner]
}

test('no schema of what travels lets unknown fields through', () => {
  expect(kindsWithin(v.strictObject({ a: v.array(v.looseObject({})) })).filter((kind) => OPEN_KINDS.has(kind))).toEqual(['loose_object'])
  for (const schema of [message, txBody, signedTx, blockHeader, signedHeader, signedBlock, genesis]) {
    const kinds = kindsWithin(schema)
    expect(kinds.length).toBeGreaterThan(2)
    expect(kinds.filter((kind) => OPEN_KINDS.has(kind))).toEqual([])
  }
})

test('every message type is named after its contract, once, and has a salt', () => {
  const types = message.options.map((option) => option.entries.type.literal)
  expect(new Set(types).size).toBe(types.length)
  for (const type of types) expect(type).toMatch(/^(identity|records|consent|access|custody|network)\.[a-z][A-Za-z]+$/)
  for (const option of message.options) expect(Object.keys(option.entries)).toContain('salt')
})

import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { checkSchema, decodeCanonical, encodeCanonical } from './encoding.ts'
import { ProtocolError } from './errors.ts'
import { uint } from './schema.ts'

const visit = v.strictObject({ ward: v.string(), bed: uint })

function failureOf(run: () => unknown): ProtocolError {
  try {
    run()
  } catch (error) {
    if (error instanceof ProtocolError) return error
  }
  return expect.unreachable('expected a ProtocolError')
}

describe('decodeCanonical', () => {
  test('gives what the schema names', () => {
    expect(decodeCanonical(visit, encodeCanonical({ ward: 'north', bed: 4 }))).toEqual({ ward: 'north', bed: 4 })
  })

  test('names the field that is wrong', () => {
    const error = failureOf(() => decodeCanonical(visit, encodeCanonical({ ward: 'north', bed: 'four' })))
    expect(error).toMatchObject({ code: 'ERR_PROTOCOL_SCHEMA', message: 'unexpected shape at bed' })
  })

  test('repeats neither unknown fields nor values', () => {
    const unknown = failureOf(() => decodeCanonical(visit, encodeCanonical({ ward: 'north', bed: 4, Canary: 1 })))
    expect(unknown.code).toBe('ERR_PROTOCOL_SCHEMA')
    const value = failureOf(() => decodeCanonical(visit, encodeCanonical({ ward: 'north', bed: 'Canary' })))
    for (const error of [unknown, value]) expect(`${error.message} ${String(error.cause)}`).not.toContain('Canary')
  })

  test('refuses more bytes than allowed before it reads them', () => {
    expect(failureOf(() => decodeCanonical(visit, new Uint8Array(11), 10)).code).toBe('ERR_PROTOCOL_LIMIT')
  })

  test('a schema may turn a number into a bigint', () => {
    const counter = v.pipe(uint, v.transform((n) => BigInt(n)))
    expect(decodeCanonical(counter, encodeCanonical(7n))).toBe(7n)
  })
})

test('checkSchema hands on what fits', () => {
  expect(checkSchema(visit, { ward: 'south', bed: 0 })).toEqual({ ward: 'south', bed: 0 })
  expect(failureOf(() => checkSchema(visit, { ward: 'south', bed: -0 })).code).toBe('ERR_PROTOCOL_SCHEMA')
})

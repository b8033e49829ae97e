import { deflateSync, gzipSync } from 'node:zlib'
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Scanner } from './scanner.ts'

const VALUE = 'Kohler843'
const scanner = new Scanner()
scanner.add('family', VALUE)
scanner.add('line', '532 Wyman Burg Suite 16')

describe('the scanner finds a planted value', () => {
  const hidden: readonly (readonly [string, Buffer])[] = [
    ['utf-8', Buffer.from(VALUE)],
    ['utf-16', Buffer.from(VALUE, 'utf16le')],
    ['utf-16be', Buffer.from(VALUE, 'utf16le').swap16()],
    ['hex', Buffer.from(Buffer.from(VALUE).toString('hex'))],
    ['base64', Buffer.from(Buffer.from(`${VALUE} and more`).toString('base64'))],
    ['base64 after 1', Buffer.from(Buffer.from(`x${VALUE} and more`).toString('base64url'))],
    ['base64 after 2', Buffer.from(Buffer.from(`xy${VALUE}`).toString('base64'))],
    ['utf-8 in gzip', gzipSync(`before ${VALUE} after`)],
    ['utf-8 in zlib', deflateSync(`before ${VALUE} after`)],
  ]
  it.each(hidden)('as %s', (form, bytes) => {
    const around = Buffer.concat([randomBytes(100_001), bytes, randomBytes(5000)])
    expect(scanner.scan(around)).toContainEqual(expect.objectContaining({ name: 'family', form }))
  })
})

it('finds nothing in random bytes', () => expect(scanner.scan(randomBytes(2_000_000))).toEqual([]))

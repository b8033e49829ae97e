import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { claimBytes, claimKeySeed, claimPossessionBytes, formatClaimCode, parseClaimCode } from './claims.ts'
import { formatDid } from './ids.ts'
import { isAcceptableAgreementKey } from './signatures.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const code = fc.record({ did: bytes(20).map(formatDid), secret: bytes(16) })
const refused = expect.objectContaining({ code: 'ERR_PROTOCOL_CLAIM_CODE' })

describe('a claim code', () => {
  test('reads back, also as people type it', () => {
    fc.assert(
      fc.property(code, fc.infiniteStream(fc.boolean()), (given, lower) => {
        const text = formatClaimCode(given)
        expect(text).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){11}[0-9A-HJKMNP-TV-Z]{3}[0-9A-HJKMNP-TV-Z*~$=U]$/)
        expect(parseClaimCode(text)).toEqual(given)
        const typed = [...text.replaceAll('-', ' ')].map((c) => (lower.next().value ? c.toLowerCase() : c)).join('').replaceAll('1', 'l').replaceAll('0', 'o')
        expect(parseClaimCode(`  ${typed}\n`)).toEqual(given)
      }),
    )
  })

  test('with one wrong symbol, or two neighbours exchanged, is found out', () => {
    fc.assert(
      fc.property(code, fc.nat(57), fc.nat(31), (given, at, symbol) => {
        const text = formatClaimCode(given).replaceAll('-', '')
        const other = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[symbol] as string
        const changed = `${text.slice(0, at)}${other}${text.slice(at + 1)}`
        if (changed !== text) expect(() => parseClaimCode(changed)).toThrow(refused)
        const exchanged = `${text.slice(0, at)}${text[at + 1]}${text[at]}${text.slice(at + 2)}`
        if (exchanged !== text) expect(() => parseClaimCode(exchanged)).toThrow(refused)
      }),
    )
  })

  test('that is too short, too long, or holds other signs is refused, each with its sentence', () => {
    const text = formatClaimCode({ did: formatDid(new Uint8Array(20).fill(7)), secret: new Uint8Array(16).fill(9) })
    expect(() => parseClaimCode('')).toThrow(/59 letters and digits/)
    expect(() => parseClaimCode(`${text}0`)).toThrow(/too many/)
    expect(() => parseClaimCode(text.slice(1))).toThrow(/missing/)
    expect(() => parseClaimCode(`*${text.slice(1)}`)).toThrow(/a sign that codes do not have/)
    expect(() => parseClaimCode(`${text.startsWith('8') ? '9' : '8'}${text.slice(1)}`)).toThrow(/mistyped/)
    expect(() => parseClaimCode(`Z${'0'.repeat(57)}${checkOf(31n * 32n ** 57n)}`)).toThrow(/newer kind/)
    expect(() => formatClaimCode({ did: formatDid(new Uint8Array(20)), secret: new Uint8Array(15) })).toThrow(refused)
  })
})

const checkOf = (number: bigint): string => '0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U'[Number(number % 37n)] as string

test('the claim key differs by network, identity and secret', () => {
  const [a, b] = [1, 2].map((n) => ({ did: formatDid(new Uint8Array(20).fill(n)), secret: new Uint8Array(16).fill(n) })) as [ReturnType<typeof parseClaimCode>, ReturnType<typeof parseClaimCode>]
  const seeds = [claimKeySeed(a, 'one-1'), claimKeySeed(a, 'two-1'), claimKeySeed({ ...a, did: b.did }, 'one-1'), claimKeySeed({ ...a, secret: b.secret }, 'one-1')]
  expect(new Set(seeds.map(String)).size).toBe(4)
})

test('every field of a statement is signed, by each of the two for itself', () => {
  const key = (n: number): Uint8Array => new Uint8Array(32).fill(n)
  const statement = { chainId: 'one-1', did: formatDid(new Uint8Array(20)), claimKey: key(1), signingKey: key(2), agreementKey: key(3) }
  const others = [{ chainId: 'two-1' }, { did: formatDid(new Uint8Array(20).fill(1)) }, { claimKey: key(4) }, { signingKey: key(4) }, { agreementKey: key(4) }]
  const all = [statement, ...others.map((other) => ({ ...statement, ...other }))].flatMap((one) => [claimBytes(one), claimPossessionBytes(one)])
  expect(new Set(all.map(String)).size).toBe(12)
})

test('agreement keys of small order, and such beyond the field, are not acceptable', () => {
  const le = (number: bigint): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => Number((number >> BigInt(8 * i)) & 255n))
  const p = 2n ** 255n - 19n
  const small = [0n, 1n, p - 1n, 325606250916557431795983626356110631294008115727848805560023387167927233504n, 39382357235489614581723060781553021112529911719440698176882885853963445705823n]
  for (const u of small) expect(isAcceptableAgreementKey(le(u))).toBe(false)
  for (const u of [p, p + 1n, p + 9n, 2n ** 255n - 1n, 2n ** 255n + 9n]) expect(isAcceptableAgreementKey(le(u))).toBe(false)
  for (const u of [9n, 2n, p - 2n]) expect(isAcceptableAgreementKey(le(u))).toBe(true)
  expect(isAcceptableAgreementKey(new Uint8Array(31).fill(9))).toBe(false)
})

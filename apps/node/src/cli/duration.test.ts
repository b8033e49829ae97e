import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

describe('durations', () => {
  it.each([
    ['P1D', 86_400_000],
    ['PT12H', 43_200_000],
    ['P2W', 1_209_600_000],
    ['P1DT1H30M', 91_800_000],
    ['PT90M', 5_400_000],
    ['PT1S', 1000],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['', 'P', 'PT', 'P0D', '1D', 'p1d', 'P1DT', 'P1.5D', '-P1D', 'P1D ', 'P1H', 'PT1D', 'P1W1D', 'PT1M1H', 'P40000D', 'P99999999D', 'P１D'])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'ERR_CLI_USAGE' }))
  })

  it.each(['P1Y', 'P6M'])('says why %s is refused', (text) => expect(() => parseDuration(text)).toThrow(/in days/))

  it('writes what it reads', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 3_000_000 }), (seconds) => {
      expect(parseDuration(formatDuration(seconds * 1000))).toBe(seconds * 1000)
    }))
  })
})

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { days, formatDuration, hours, minutes, parseDuration } from './durations.ts'

test.each([
  ['P1D', days(1)], ['P2W', days(14)], ['PT12H', hours(12)], ['PT90M', minutes(90)], ['PT1S', 1000], ['P1DT2H3M4S', days(1) + hours(2) + minutes(3) + 4000], ['P365D', days(365)],
])('%s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each(['', 'P', 'PT', 'P1DT', '1D', 'P1M', 'P1Y', 'P0D', 'PT0S', 'P-1D', 'P1.5D', 'p1d', ' P1D', 'P1D\n', 'P1H', 'P1W2D', 'P999999D'])('refuses %j', (text) => {
  expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'ERR_SDK_DURATION' }))
})

test('what is written is read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8_000_000_000 }), (seconds) => {
      expect(parseDuration(formatDuration(seconds * 1000))).toBe(seconds * 1000)
    }),
  )
  expect(formatDuration(hours(36))).toBe('P1DT12H')
})

describe('nothing shorter than a second is written', () => {
  test.each([0, 999, -1000, Number.NaN, 1.5])('%d', (ms) => {
    expect(() => formatDuration(ms)).toThrow(expect.objectContaining({ code: 'ERR_SDK_DURATION' }))
  })
})

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { dateOf, dayOf } from './days.ts'

const keys = fc.uint8Array({ minLength: 32, maxLength: 32 })
const dates = fc.integer({ min: -719_162, max: 2_932_896 }).map((days) => ({ days, date: new Date(days * 86_400_000).toISOString().slice(0, 10) }))

test('a date comes back, and days differ as dates do', () => {
  fc.assert(
    fc.property(keys, dates, dates, (key, one, other) => {
      expect(dateOf(key, dayOf(key, one.date))).toBe(one.date)
      expect(dayOf(key, one.date) - dayOf(key, other.date)).toBe(one.days - other.days)
      expect(dayOf(key, one.date)).toBeGreaterThanOrEqual(0)
      expect(dayOf(key, one.date)).toBeLessThan(2 ** 32)
    }),
    { numRuns: 2_000 },
  )
})

test('a day that is no date of the patient is refused', () => {
  const key = new Uint8Array(32)
  const [first, last] = [dayOf(key, '0001-01-01'), dayOf(key, '9999-12-31')]
  for (const day of [first - 1, last + 1, first + 0.5, Number.NaN, -1, 2 ** 32]) expect(() => dateOf(key, day)).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL_ENCODING' }))
  expect([dateOf(key, first), dateOf(key, last)]).toEqual(['0001-01-01', '9999-12-31'])
})

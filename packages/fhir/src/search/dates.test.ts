import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_MS, MIN_MS, parseDateRange, periodRange, timingRange } from './dates.ts'

const at = (text: string): number => Date.parse(text)

describe('parseDateRange', () => {
  it.each([
    ['2020', '2020-01-01T00:00:00.000Z', '2020-12-31T23:59:59.999Z'],
    ['2020-02', '2020-02-01T00:00:00.000Z', '2020-02-29T23:59:59.999Z'],
    ['2020-02-29', '2020-02-29T00:00:00.000Z', '2020-02-29T23:59:59.999Z'],
    ['2020-12', '2020-12-01T00:00:00.000Z', '2020-12-31T23:59:59.999Z'],
    ['2020-01-01T10:20Z', '2020-01-01T10:20:00.000Z', '2020-01-01T10:20:59.999Z'],
    ['2020-01-01T10:20:30Z', '2020-01-01T10:20:30.000Z', '2020-01-01T10:20:30.999Z'],
    ['2020-01-01T10:20:30.5Z', '2020-01-01T10:20:30.500Z', '2020-01-01T10:20:30.599Z'],
    ['2020-01-01T10:20:30.123456Z', '2020-01-01T10:20:30.123Z', '2020-01-01T10:20:30.123Z'],
    ['2020-01-01T00:30:00+02:00', '2019-12-31T22:30:00.000Z', '2019-12-31T22:30:00.999Z'],
    ['2020-01-01T23:30:00-05:30', '2020-01-02T05:00:00.000Z', '2020-01-02T05:00:00.999Z'],
    ['2020-01-01T10:20:30', '2020-01-01T10:20:30.000Z', '2020-01-01T10:20:30.999Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z', '2017-01-01T00:00:00.999Z'],
  ])('%s', (text, low, high) => {
    expect(parseDateRange(text)).toEqual({ lowMs: at(low), highMs: at(high) })
  })

  it.each(['', '20', '2020-13', '2020-00', '2021-02-29', '2020-01-32', '0000', '2020-01-01T24:00:00Z', '2020-1-1', '2020-01-01 10:00', 'now', '2020-01-01T10'])(
    'refuses %j',
    (text) => {
      expect(parseDateRange(text)).toBeUndefined()
    },
  )

  it('reads a year below 100 as that year', () => {
    expect(new Date(parseDateRange('0050')?.lowMs ?? 0).getUTCFullYear()).toBe(50)
  })

  it('contains every finer date', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('0100-01-01T00:00:00Z'), max: new Date('9998-12-31T00:00:00Z'), noInvalidDate: true }), (date) => {
        const text = date.toISOString()
        const ranges = [4, 7, 10].map((length) => parseDateRange(text.slice(0, length)))
        for (const range of ranges) {
          expect(range?.lowMs).toBeLessThanOrEqual(date.getTime())
          expect(range?.highMs).toBeGreaterThanOrEqual(date.getTime())
        }
        expect(parseDateRange(text)).toEqual({ lowMs: date.getTime(), highMs: date.getTime() })
      }),
    )
  })
})

describe('periods and timings', () => {
  it('are open where an end is missing', () => {
    expect(periodRange({ start: '2020' })).toEqual({ lowMs: at('2020-01-01T00:00:00Z'), highMs: MAX_MS })
    expect(periodRange({ end: '2020' })).toEqual({ lowMs: MIN_MS, highMs: at('2020-12-31T23:59:59.999Z') })
    expect(periodRange({})).toBeUndefined()
    expect(periodRange({ start: 'x' })).toBeUndefined()
  })

  it('span events and bounds', () => {
    expect(timingRange({ event: ['2021-01-01', '2020-01-01'], repeat: { boundsPeriod: { start: '2020-06-01', end: '2022-01-01' } } })).toEqual({
      lowMs: at('2020-01-01T00:00:00Z'),
      highMs: at('2022-01-01T23:59:59.999Z'),
    })
    expect(timingRange({ code: { text: 'BID' } })).toBeUndefined()
  })
})

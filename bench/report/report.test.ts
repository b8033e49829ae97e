import { expect, test } from 'vitest'
import { isSteady } from '../gateway/warm-up.ts'
import { formatFigure } from './figures.ts'
import { isBusy } from './markdown.ts'
import { regressionsOf } from './regressions.ts'
import type { Figure } from './result.ts'
import { barPlot, linePlot, shortNumber } from './svg.ts'

const figure = (id: string, value: number, better: Figure['better']): Figure => ({ id, name: id, value, unit: 'ms', better, target: null, met: null })

test('what is more than a tenth worse is a regression, whichever way is better', () => {
  const then = { figures: [figure('cpu', 10, 'lower'), figure('rate', 100, 'higher'), figure('same', 10, 'lower'), figure('better', 10, 'lower'), figure('gone', 1, 'lower')] }
  const now = { figures: [figure('cpu', 12, 'lower'), figure('rate', 50, 'higher'), figure('same', 10.9, 'lower'), figure('better', 5, 'lower'), figure('new', 9, 'lower')] }
  expect(regressionsOf(then, now).map(({ id, worseBy }) => [id, Number(worseBy.toFixed(2))])).toEqual([['rate', 1], ['cpu', 0.2]])
})

test('figures have three digits that count', () => {
  expect([0.12345, 1.2345, 12.345, 1234.5].map((value) => formatFigure({ value, unit: 'ms' }))).toEqual(['0.123 ms', '1.23 ms', '12.3 ms', '1,235 ms'])
  expect(formatFigure({ value: 2770, unit: '/s' })).toBe('2,770/s')
  expect([950, 12_345, 1e6, 0.05].map(shortNumber)).toEqual(['950', '12.3k', '1M', '0.05'])
})

test('a machine that others use is called busy', () => {
  const loop = (spread: number) => ({ loops: 1, fastestMs: 1, medianMs: 1, slowestTenthMs: 1 + spread, spread })
  expect(isBusy({ loadBefore: [0.3, 9, 9] }, { before: loop(0.05), after: loop(0.1) })).toBe(false)
  expect(isBusy({ loadBefore: [0.6, 0, 0] }, { before: loop(0.05), after: loop(0.1) })).toBe(true)
  expect(isBusy({ loadBefore: [0, 0, 0] }, { before: loop(0.05), after: loop(0.3) })).toBe(true)
})

test('a line goes through its values, within the frame', () => {
  const svg = linePlot({ title: 'a < b', x: { label: 'x', log: true }, y: { label: 'y', from: 0 }, series: [{ name: 's', points: [[10_000, 50], [100_000, 100], [1_000_000, 0]] }] })
  expect(svg).toContain('a &lt; b')
  expect(/ d="([^"]+)"/.exec(svg)?.[1]).toBe('M68 176L384 52L700 300')
  expect([...svg.matchAll(/>(\d+k|1M)</g)].map(([, tick]) => tick)).toEqual(['10k', '20k', '50k', '100k', '200k', '500k', '1M'])
})

test('parts of a bar lie side by side, and equal names have one colour', () => {
  const svg = barPlot({ title: 't', unit: '%', bars: [{ name: 'one', parts: [{ name: 'p', value: 25 }, { name: 'q', value: 75 }] }, { name: 'two', parts: [{ name: 'q', value: 50 }] }] })
  const rects = [...svg.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="20" fill="(#\w+)"/g)].map(([, x, width, fill]) => ({ x: Number(x), width: Number(width), fill }))
  const [p, q, alone] = rects as [(typeof rects)[number], (typeof rects)[number], (typeof rects)[number]]
  expect(p.x + p.width).toBeCloseTo(q.x, 0)
  expect(q.width / p.width).toBeCloseTo(3, 1)
  expect([alone.x, alone.fill]).toEqual([p.x, q.fill])
})

test('a rate is steady when rounds are no longer faster than those before', () => {
  const rounds = (...groups: number[]): number[] => groups.flatMap((ms) => [ms, ms, ms, ms])
  expect(isSteady(rounds(900, 500, 300))).toBe(false)
  expect(isSteady(rounds(900, 300, 295))).toBe(true)
  expect(isSteady(rounds(300, 300))).toBe(false)
})

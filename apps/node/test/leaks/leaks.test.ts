import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findingsOf, runSeeds } from './child.ts'
import type { ReaderKind } from './model.ts'
import { LEAKS } from './plants.ts'
import { tellingTimes } from './timing.ts'

/** Planted leaks that show at once; the long suite looks for all of them. */
const SOON = ['hidden-is-forbidden', 'narrowing-not-in-query']

describe('answers tell nothing of what consent does not cover', () => {
  it('two worlds that differ in it alone answer alike', async () => {
    const run = await runSeeds({ from: 1, count: 8, seconds: 35 })
    expect(findingsOf(run)).toEqual([])
    expect(run.reports.length).toBeGreaterThan(0)
    for (const { requests, differences, statuses } of run.reports) {
      expect(requests).toBeGreaterThan(150)
      expect(differences).toBeGreaterThan(3)
      expect(Object.keys(statuses)).toEqual(expect.arrayContaining(['200', '403', '404']))
    }
  }, 180_000)

  it.each(SOON)('a planted leak is found: %s', async (plant) => {
    const reader = LEAKS.find(({ name }) => name === plant)?.reader as ReaderKind
    expect(findingsOf(await runSeeds({ from: 1, count: 12, seconds: 60, until: true, reader, plant }))).not.toEqual([])
  }, 180_000)

  it.each(LEAKS.flatMap(({ name, changes }) => changes.map(({ file, find }) => [name, file, find] as const)))('has a place for %s in %s', (_, file, find) => {
    expect(readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8').split(find)).toHaveLength(2)
  })

  it('the time of a refusal hardly tells a patient who exists from one who does not', async () => {
    expect(Math.abs((await tellingTimes(200)) - 0.5)).toBeLessThan(0.25)
  }, 180_000)
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findingsOf, runSeeds } from './child.ts'
import { LEAKS } from './plants.ts'
import { tellingTimes } from './timing.ts'

/** Planted leaks that show soon, and the seed that shows them; the long suite looks for all of them. */
const SOON: Readonly<Record<string, number>> = {
  'narrowing-not-in-query': 0, 'total-of-all': 0, 'stale-narrowing': 0, 'stale-visibility': 0, 'version-is-row': 0,
  'hidden-is-forbidden': 1, 'no-access-tells': 1, 'whole-patient': 1, 'role-ended': 2, 'access-of-elsewhere': 7,
}
const AT_ONCE = 2

describe('answers tell nothing of what consent does not cover', () => {
  it('two worlds that differ in it alone answer alike', async () => {
    const run = await runSeeds({ from: 0, count: 10, seconds: 25 })
    expect(findingsOf(run)).toEqual([])
    expect(run.reports.length).toBeGreaterThan(0)
    for (const { requests, differences } of run.reports) {
      expect(requests).toBeGreaterThan(300)
      expect(differences).toBeGreaterThan(3)
    }
    expect(run.reports.flatMap(({ statuses }) => Object.keys(statuses))).toEqual(expect.arrayContaining(['200', '201', '403', '404', '412', '422']))
  }, 180_000)

  it('planted leaks are found', async () => {
    const found: string[] = []
    const left = Object.entries(SOON)
    const lookForNext = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [plant, seed] = next
        if (findingsOf(await runSeeds({ from: seed, count: 1, until: true, plant })).length > 0) found.push(plant)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lookForNext))
    expect(found.sort()).toEqual(Object.keys(SOON).sort())
  }, 300_000)

  it.each(LEAKS.flatMap(({ name, changes }) => changes.map(({ file, find }) => [name, file, find] as const)))('has a place for %s in %s', (_, file, find) => {
    expect(readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8').split(find)).toHaveLength(2)
  })

  it('the time of a refusal hardly tells a patient who exists from one who does not', async () => {
    expect(Math.abs((await tellingTimes(200)) - 0.5)).toBeLessThan(0.25)
  }, 180_000)
})

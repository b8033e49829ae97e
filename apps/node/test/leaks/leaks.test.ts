import { expect, it } from 'vitest'
import { findingsOf, runSeeds } from './child.ts'

it('answers tell nothing of what consent does not cover: two worlds that differ in it alone answer alike', async () => {
  const run = await runSeeds({ from: 1, count: 8, seconds: 45 })
  expect(findingsOf(run)).toEqual([])
  expect(run.reports.length).toBeGreaterThan(1)
  for (const { requests, differences, statuses } of run.reports) {
    expect(requests).toBeGreaterThan(150)
    expect(differences).toBeGreaterThan(3)
    expect(Object.keys(statuses)).toEqual(expect.arrayContaining(['200', '403', '404']))
  }
}, 180_000)

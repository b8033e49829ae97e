import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BUGS } from './bugs.ts'
import { failuresOf, simulate } from './child.ts'

/** Seeds that once found something, and what: each must stay silent. */
const regressions = JSON.parse(readFileSync(new URL('regressions.json', import.meta.url), 'utf8')) as { readonly seed: number; readonly found: string }[]

/** Planted bugs that show soon; the long suite looks for all of them. */
const SOON = ['ledger/partial-bundle', 'ledger/replay-forgotten', 'engine/retry-refused', 'keyholder/receipt-before-durable', 'keyholder/cover-not-asked', 'gateway/refusal-not-listed', 'ledger/old-key-signs', 'gateway/copy-before-claim', 'transparency/split-view']

describe('a network in simulated time', () => {
  it('keeps its promises while machines crash, disks fill, clocks jump and messages are lost', async () => {
    const run = await simulate({ from: 1, count: 40, seconds: 30 })
    expect(failuresOf(run)).toEqual([])
    expect(run.reports.length).toBeGreaterThan(3)
    const sum = (of: (report: (typeof run.reports)[number]) => number): number => run.reports.reduce((total, report) => total + of(report), 0)
    expect(sum(({ crashes }) => crashes)).toBeGreaterThan(10)
    expect(sum(({ releases }) => releases)).toBeGreaterThan(10)
    expect(sum(({ acknowledged }) => acknowledged)).toBeGreaterThan(10)
  }, 600_000)

  it('gives the same trace for the same seed, whatever ran before in the process', async () => {
    const [alone, after] = await Promise.all([simulate({ from: 10 }), simulate({ from: 9, count: 2 })])
    expect(after.reports[1]).toEqual(alone.reports[0])
  }, 600_000)

  it('signs and verifies truly in one of a hundred seeds', async () => {
    const run = await simulate({ from: 99 })
    expect(failuresOf(run)).toEqual([])
    expect(run.reports[0]?.config.signing).toBe('real')
  }, 600_000)

  it.each(regressions)('seed $seed, which once found: $found', async ({ seed }) => {
    expect(failuresOf(await simulate({ from: seed }))).toEqual([])
  }, 600_000)

  it.each(SOON)('finds a planted bug: %s', async (bug) => {
    expect(failuresOf(await simulate({ from: 1, count: 20, until: true, bug }))).not.toEqual([])
  }, 600_000)

  it.each(BUGS.flatMap(({ name, changes }) => changes.map(({ file, find }) => [name, file, find] as const)))('has a place for %s in %s', (_, file, find) => {
    expect(readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8').split(find)).toHaveLength(2)
  })
})

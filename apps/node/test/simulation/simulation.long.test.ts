import { describe, expect, it } from 'vitest'
import { BUGS } from './bugs.ts'
import { failuresOf, simulate } from './child.ts'
import { readRecord, summarise, writeRecord } from './record.ts'

/** `CHIRON_SIMULATION_SECONDS`: how long new seeds are run; ten minutes unless set. */
const seconds = Number(process.env['CHIRON_SIMULATION_SECONDS'] ?? 600)
const SEEDS_FOR_A_BUG = 80

describe('the simulation, at length', () => {
  it('keeps its promises over seeds that were never run', async () => {
    const started = new Date()
    const record = readRecord()
    const run = await simulate({ from: record.nextSeed, count: 1_000_000, seconds })
    const failures = failuresOf(run)
    record.runs.push(summarise(run, started, failures))
    record.nextSeed += run.reports.length
    writeRecord(record)
    expect(failures).toEqual([])
  })

  it('finds every planted bug', async () => {
    const bugs = []
    for (const { name, what } of BUGS) {
      const { reports } = await simulate({ from: 1, count: SEEDS_FOR_A_BUG, until: true, bug: name })
      const [violation] = reports.at(-1)?.violations ?? []
      bugs.push({ bug: name, what, seeds: reports.length, found: violation === undefined ? 'not found' : `${violation.promise}: ${violation.what.split('\n')[0]}` })
    }
    writeRecord({ ...readRecord(), bugs })
    expect(bugs.filter(({ found }) => found === 'not found')).toEqual([])
  })
})

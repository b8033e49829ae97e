import { expect, it } from 'vitest'
import { findingsOf, runSeeds } from './child.ts'
import { LEAKS } from './plants.ts'
import { readRecord, summarise, writeRecord } from './record.ts'
import { tellingTimes } from './timing.ts'

/** `CHIRON_LEAKS_SECONDS`: how long new seeds are run; ten minutes unless set. */
const seconds = Number(process.env['CHIRON_LEAKS_SECONDS'] ?? 600)
const SEEDS_FOR_A_LEAK = 12
const PAIRS = 2000

it('finds nothing over seeds that were never run', async () => {
  const started = new Date()
  const record = readRecord()
  const run = await runSeeds({ from: record.nextSeed, count: 1_000_000, seconds })
  const findings = findingsOf(run)
  record.runs.push(summarise(run, started, findings))
  record.nextSeed += run.reports.length
  writeRecord(record)
  expect(findings).toEqual([])
})

it('finds every planted leak', async () => {
  const planted = []
  for (const { name, what, reader } of LEAKS) {
    const run = await runSeeds({ from: 1, count: SEEDS_FOR_A_LEAK * 4, until: true, reader, plant: name })
    const [first] = findingsOf(run)
    planted.push({ leak: name, what, seeds: run.reports.length, found: first?.split('\n')[0]?.slice(0, 200) ?? 'not found' })
  }
  writeRecord({ ...readRecord(), planted })
  expect(planted.filter(({ found }) => found === 'not found')).toEqual([])
})

it('refuses as fast whether or not the patient exists', async () => {
  const longer = await tellingTimes(PAIRS)
  writeRecord({ ...readRecord(), timing: { pairs: PAIRS, longer: Math.round(longer * 1000) / 1000 } })
  expect(Math.abs(longer - 0.5)).toBeLessThan(0.1)
})

import { expect, it } from 'vitest'
import { findingsOf, runSeeds } from './child.ts'
import { LEAKS } from './plants.ts'
import { readRecord, summarise, writeRecord, type PlantedResult } from './record.ts'
import { tellingTimes } from './timing.ts'

/** `CHIRON_LEAKS_SECONDS`: how long new seeds are run; ten minutes unless set. */
const seconds = Number(process.env['CHIRON_LEAKS_SECONDS'] ?? 600)
const SEEDS_FOR_A_LEAK = 6
/** After so many seeds the kinds of readers come again. */
const KINDS_OF_SEEDS = 10
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
  const planted: PlantedResult[] = []
  for (const { name, what, reader } of LEAKS) {
    const run = await runSeeds({ from: 0, count: SEEDS_FOR_A_LEAK * KINDS_OF_SEEDS, until: true, reader, plant: name })
    const found = run.reports.find(({ findings }) => findings.length > 0)
    const first = found?.findings[0]
    planted.push({ leak: name, what, reader, seeds: run.reports.length, seed: found?.seed ?? null, requests: found?.requests ?? 0, found: first === undefined ? 'not found' : `${first.kind}: ${first.what.split('\n')[0]?.slice(0, 160)}` })
    writeRecord({ ...readRecord(), planted })
  }
  expect(planted.filter(({ seed }) => seed === null)).toEqual([])
})

it('refuses as fast whether or not the patient exists', async () => {
  const longer = await tellingTimes(PAIRS)
  writeRecord({ ...readRecord(), timing: { pairs: PAIRS, longer: Math.round(longer * 1000) / 1000 } })
  expect(Math.abs(longer - 0.5)).toBeLessThan(0.1)
})

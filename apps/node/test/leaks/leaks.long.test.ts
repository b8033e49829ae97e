import { expect, it } from 'vitest'
import { findingsOf, runSeeds, runShares } from './child.ts'
import { LEAKS, type PlantedLeak } from './plants.ts'
import { readRecord, summarise, writeRecord, type PlantedResult } from './record.ts'
import { tellingTimes } from './timing.ts'

/** `CHIRON_LEAKS_SECONDS`: processor time for new seeds; ten minutes unless set. */
const seconds = Number(process.env['CHIRON_LEAKS_SECONDS'] ?? 600)
const SEEDS_FOR_A_LEAK = 6
/** After so many seeds the kinds of readers come again. */
const KINDS_OF_SEEDS = 10
const PROCESSES = 2
const PAIRS = 2000

it('finds nothing over seeds that were never run', async () => {
  const started = new Date()
  const run = await runShares({ from: readRecord().nextSeed, count: 1_000_000, seconds }, PROCESSES)
  const findings = findingsOf(run)
  const record = readRecord()
  record.runs.push(summarise(run, started, findings))
  record.nextSeed = Math.max(...run.reports.map(({ seed }) => seed)) + 1
  writeRecord(record)
  expect(findings).toEqual([])
})

it('finds every planted leak', async () => {
  const planted: PlantedResult[] = []
  const left = [...LEAKS]
  const lookForNext = async (): Promise<void> => {
    for (let leak = left.shift(); leak !== undefined; leak = left.shift()) planted.push(await lookFor(leak))
  }
  await Promise.all(Array.from({ length: PROCESSES }, lookForNext))
  const order = LEAKS.map(({ name }) => name)
  planted.sort((a, b) => order.indexOf(a.leak) - order.indexOf(b.leak))
  writeRecord({ ...readRecord(), planted })
  expect(planted.filter(({ seed }) => seed === null)).toEqual([])
})

async function lookFor({ name, what, reader }: PlantedLeak): Promise<PlantedResult> {
  const { reports } = await runSeeds({ from: 0, count: SEEDS_FOR_A_LEAK * KINDS_OF_SEEDS, until: true, reader, plant: name })
  const found = reports.find(({ findings }) => findings.length > 0)
  const [first] = found?.findings ?? []
  return {
    leak: name, what, reader, seeds: reports.length, seed: found?.seed ?? null, requests: found?.requests ?? 0,
    found: first === undefined ? 'not found' : `${first.kind}: ${first.what.split('\n')[0]?.slice(0, 160)}`,
  }
}

it('refuses as fast whether or not the patient exists', async () => {
  const longer = await tellingTimes(PAIRS)
  writeRecord({ ...readRecord(), timing: { pairs: PAIRS, longer: Math.round(longer * 1000) / 1000 } })
  expect(Math.abs(longer - 0.5)).toBeLessThan(0.1)
})

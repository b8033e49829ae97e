import { readEnvironment } from '../../src/config/env.ts'
import { LongRecord } from './record.ts'
import type { Rig } from './rig.ts'
import { crashRounds, type RoundsReport } from './rounds.ts'

/** Crashes on one data directory: then the next batch begins with a new one. */
const BATCH = 20
/** Nodes at work at once: while one waits for its disk, another computes. */
const AT_ONCE = 2

export interface LongRounds {
  /** File in `bench/results/` to which batches are added as they are done. */
  readonly record: string
  /** Crashes of a whole run. */
  readonly target: number
  /** After so many minutes no batch is begun any more; the next run goes on. `CHIRON_CRASH_MINUTES` sets another time. */
  readonly minutes: number
  readonly rebuildEvery: number
  makeRig(): Rig
}

/** Crashes in this run and in all that belong to the same whole. */
export interface LongProgress {
  readonly now: number
  readonly done: number
}

/** Goes on with the newest run that is not whole, until it is or time is up. */
export async function longRounds({ record: name, target, minutes, rebuildEvery, makeRig }: LongRounds): Promise<LongProgress> {
  const environment = readEnvironment()
  const until = Date.now() + Number(environment['CHIRON_CRASH_MINUTES'] ?? minutes) * 60_000
  let seed = Number(environment['CHIRON_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32))
  const record = new LongRecord<RoundsReport>(name, ({ crashes }) => crashes)
  const series = record.open(target)
  const before = record.done(series)
  let begun = before
  const work = async (): Promise<void> => {
    while (begun < target && Date.now() < until) {
      const rounds = Math.min(BATCH, target - begun)
      begun += rounds
      const mine = seed++
      const report = await crashRounds(makeRig(), { rounds, seed: mine, rebuildEvery }).catch((cause: unknown) => {
        throw new Error(`failed with CHIRON_TEST_SEED=${mine}`, { cause })
      })
      record.add(series, report)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const done = record.done(series)
  process.stdout.write(`${name}: ${done - before} in this run, ${done} of ${target} in all\n`)
  return { now: done - before, done }
}

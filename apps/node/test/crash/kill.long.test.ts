import { expect, test } from 'vitest'
import { readEnvironment } from '../../src/config/env.ts'
import { killsOf, LongRecord } from './record.ts'
import { killRounds } from './rounds.ts'

const TARGET = 200
const BATCH = 20

const first = Number(readEnvironment()['CHIRON_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32))

test(`200 kills under load, in batches that are recorded (first seed CHIRON_TEST_SEED=${first})`, async () => {
  const record = new LongRecord()
  const series = record.open(TARGET)
  for (let seed = first; killsOf(series) < TARGET; seed++) {
    const report = await killRounds({ rounds: Math.min(BATCH, TARGET - killsOf(series)), seed, rebuildEvery: 5 }).catch((cause: unknown) => {
      throw new Error(`failed with CHIRON_TEST_SEED=${seed}`, { cause })
    })
    record.add(series, report)
  }
  expect(killsOf(series)).toBe(TARGET)
})

import { expect, test } from 'vitest'
import { readEnvironment } from '../../src/config/env.ts'
import { KillRig } from './rig.ts'
import { crashRounds } from './rounds.ts'

const seed = Number(readEnvironment()['CHIRON_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32))

test(`20 kills under load lose nothing that was acknowledged and show nothing half (CHIRON_TEST_SEED=${seed})`, async () => {
  const report = await crashRounds(new KillRig(), { rounds: 20, seed, rebuildEvery: 7 })
  expect(report).toMatchObject({ crashes: 20, seed })
  expect(report.acknowledged).toBeGreaterThan(40)
  expect(report.openings).toBeGreaterThan(0)
}, 600_000)

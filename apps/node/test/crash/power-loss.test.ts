import { expect, test } from 'vitest'
import { readEnvironment } from '../../src/config/env.ts'
import { powerControl } from './power-control.ts'
import { powerHindrance, PowerRig } from './power-rig.ts'
import { crashRounds } from './rounds.ts'

const seed = Number(readEnvironment()['CHIRON_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32))
const skipped = powerHindrance === undefined ? '' : `; SKIPPED: ${powerHindrance}`

test.skipIf(powerHindrance !== undefined)(`5 losses of power under load take nothing that was acknowledged (CHIRON_TEST_SEED=${seed})${skipped}`, async () => {
  const report = await crashRounds(new PowerRig(), { rounds: 5, seed, rebuildEvery: 1 })
  expect(report).toMatchObject({ crashes: 5, seed })
  expect(report.acknowledged).toBeGreaterThan(5)
}, 600_000)

test.skipIf(powerHindrance !== undefined)(`control: without flushes a loss of power takes what was acknowledged${skipped}`, async () => {
  const { losses, lost } = await powerControl('never', { losses: 3, untilLost: true, seed })
  expect(losses).toBeGreaterThan(0)
  expect(lost).toBeGreaterThan(0)
}, 600_000)

import { expect, test } from 'vitest'
import type { ControlReport } from './power-control.ts'
import { powerControl } from './power-control.ts'
import { powerHindrance, PowerRig } from './power-rig.ts'
import { longRounds } from './long-rounds.ts'
import { LongRecord } from './record.ts'

const skipped = powerHindrance === undefined ? '' : `; SKIPPED: ${powerHindrance}`
/** Of each kind of control; several of them lose something for sure. */
const LOSSES = 10

test.skipIf(powerHindrance !== undefined)(`200 losses of power under load, in batches that are recorded${skipped}`, async () => {
  const { now } = await longRounds({ record: 'power-loss.json', target: 200, minutes: 8, rebuildEvery: 1, makeRig: () => new PowerRig() })
  expect(now).toBeGreaterThan(0)
})

test.skipIf(powerHindrance !== undefined)(`controls that flush too little lose what was acknowledged${skipped}`, async () => {
  const record = new LongRecord<ControlReport>('power-loss-controls.json', ({ losses }) => losses)
  const series = record.open(3 * LOSSES)
  const seed = Math.floor(Math.random() * 2 ** 32)
  for (const flushing of ['never', 'log-only', 'overlapping'] as const) record.add(series, await powerControl(flushing, { losses: LOSSES, untilLost: false, seed }))
  const lost = Object.fromEntries(series.batches.map(({ flushing, lost: count }) => [flushing, count]))
  expect(lost['never']).toBeGreaterThan(LOSSES / 2)
  expect(lost['log-only']).toBeGreaterThan(LOSSES / 2)
})

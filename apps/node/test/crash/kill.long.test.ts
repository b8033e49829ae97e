import { expect, test } from 'vitest'
import { longRounds } from './long-rounds.ts'
import { KillRig } from './rig.ts'

test('1,000 kills under load, in batches that are recorded over as many runs as it takes', async () => {
  const { now, done } = await longRounds({ record: 'kill-9.json', target: 1000, minutes: 15, rebuildEvery: 5, makeRig: () => new KillRig() })
  expect(now).toBeGreaterThan(0)
  expect(done).toBeLessThanOrEqual(1000)
})

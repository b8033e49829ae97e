import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LongRecord } from './record.ts'
import type { RoundsReport } from './rounds.ts'

const batch: RoundsReport = { seed: 1, finished: '2026-11-21T12:00:00.000Z', crashes: 20, crashesWhileStarting: 3, acknowledged: 500, cutOff: 40, completed: 10, resources: 800, blocks: 600, openings: 1 }

test('a long run that was broken off goes on where it was, and a finished one is kept', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chiron-record-'))
  const record = () => new LongRecord<RoundsReport>('kill-9.json', ({ crashes }) => crashes, join(folder, 'results'))
  const begun = record()
  begun.add(begun.open(40), batch)
  const resumed = record()
  const series = resumed.open(40)
  expect(resumed.done(series)).toBe(20)
  resumed.add(series, { ...batch, seed: 2 })
  const next = record().open(40)
  expect(next.batches).toEqual([])
  expect(resumed.done(series)).toBe(40)
  rmSync(folder, { recursive: true })
})

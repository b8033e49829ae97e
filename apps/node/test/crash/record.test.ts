import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { killsOf, LongRecord } from './record.ts'
import type { RoundsReport } from './rounds.ts'

const batch: RoundsReport = { seed: 1, kills: 20, killsWhileStarting: 3, acknowledged: 500, cutOff: 40, completed: 10, resources: 800, blocks: 600, openings: 1 }

test('a long run that was broken off goes on where it was, and a finished one is kept', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chiron-record-'))
  const path = join(folder, 'results', 'kill-9.json')
  const begun = new LongRecord(path)
  begun.add(begun.open(40), batch)
  const resumed = new LongRecord(path)
  const series = resumed.open(40)
  expect(killsOf(series)).toBe(20)
  resumed.add(series, { ...batch, seed: 2 })
  const next = new LongRecord(path).open(40)
  expect({ kills: killsOf(next), batches: next.batches }).toEqual({ kills: 0, batches: [] })
  expect(killsOf(series)).toBe(40)
  rmSync(folder, { recursive: true })
})

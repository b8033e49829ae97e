import { expect, it } from 'vitest'
import { findingsOf, fuzz } from './child.ts'
import { addRun, readRecord, writeRecord } from './record.ts'

/** `CHIRON_FUZZ_SECONDS`: seconds of the processor that each target is fuzzed for; twenty unless set. */
const seconds = process.env['CHIRON_FUZZ_SECONDS'] ?? '20'

it('finds nothing, at length, with inputs that were never tried', async () => {
  const record = readRecord()
  const reports = await fuzz(['--seed', `run ${record.runs + 1}`, '--processor-seconds', seconds])
  writeRecord(addRun(record, reports))
  expect(findingsOf(reports)).toEqual([])
})

import { expect, test } from 'vitest'
import { readEnvironment } from '../../src/config/env.ts'
import { shimHindrance, type IoFault, type IoOperation } from './io-shim.ts'
import { IoSweep, type IoCase, type IoOutcome } from './io-sweep.ts'
import { powerHindrance, PowerRig } from './power-rig.ts'
import { LongRecord } from './record.ts'
import { KillRig } from './rig.ts'

const skipped = shimHindrance === undefined ? '' : `; SKIPPED: ${shimHindrance}`
/** After so many minutes no case is begun any more; the next run goes on. `CHIRON_IO_MINUTES` sets another time. */
const MINUTES = 8
/** Cases on one data directory: then a new one is begun. */
const BATCH = 20
/** Prime, so that the calls are gone through in leaps, each once. */
const LEAP = 37

const SWEEPS: readonly { readonly fault: IoFault; readonly operations: readonly IoOperation[]; readonly calls: number }[] = [
  { fault: 'before', operations: ['write', 'flush', 'name'], calls: 800 },
  { fault: 'after', operations: ['write', 'flush', 'name'], calls: 800 },
  { fault: 'EIO', operations: ['flush'], calls: 120 },
  { fault: 'ENOSPC', operations: ['write'], calls: 700 },
]
const TARGET = SWEEPS.reduce((sum, { calls }) => sum + calls, 0)

/** Cases that were run on one directory, and how many ended how, by the file that was hit. */
interface IoBatch {
  readonly finished: string
  readonly rig: string
  readonly from: number
  readonly cases: number
  readonly became: Readonly<Record<string, number>>
}

test.skipIf(shimHindrance !== undefined)(`every call that changes a file fails once, in batches that are recorded over as many runs as it takes${skipped}`, async () => {
  const until = Date.now() + Number(readEnvironment()['CHIRON_IO_MINUTES'] ?? MINUTES) * 60_000
  const record = new LongRecord<IoBatch>('io-faults.json', ({ cases }) => cases)
  const series = record.open(TARGET)
  const before = record.done(series)
  while (record.done(series) < TARGET && Date.now() < until) {
    const from = record.done(series)
    record.add(series, await runBatch(from, Math.min(BATCH, TARGET - from), until))
  }
  process.stdout.write(`io-faults.json: ${record.done(series) - before} in this run, ${record.done(series)} of ${TARGET} in all\n`)
  expect(record.done(series)).toBeGreaterThan(before)
})

async function runBatch(from: number, most: number, until: number): Promise<IoBatch> {
  const rig = powerHindrance === undefined ? new PowerRig() : new KillRig()
  const sweep = new IoSweep(rig, from)
  const became: Record<string, number> = {}
  let cases = 0
  try {
    for (; cases < most && (cases === 0 || Date.now() < until); cases++) {
      const each = caseOf(from + cases)
      const outcome = await sweep.run(each).catch((cause: unknown) => {
        throw new Error(`failed at ${JSON.stringify(each)}`, { cause })
      })
      const kind = `${each.fault} ${outcome.hit === undefined ? 'not reached' : `${outcome.hit.operation} ${placeOf(outcome.hit.path)}`}: ${outcome.became}`
      became[kind] = (became[kind] ?? 0) + 1
      expectEnd(each, outcome)
    }
  } finally {
    await sweep.close()
  }
  return { finished: new Date().toISOString(), rig: rig.constructor.name, from, cases, became }
}

/** The sweeps take turns, so that a run that is broken off has had some of each. */
function caseOf(number: number): IoCase {
  const open = SWEEPS.map(({ calls }) => calls)
  let turn = 0
  for (let left = number; ; turn = (turn + 1) % SWEEPS.length) {
    if ((open[turn] as number) === 0) continue
    if (left-- === 0) break
    open[turn] = (open[turn] as number) - 1
  }
  const { fault, operations, calls } = SWEEPS[turn] as (typeof SWEEPS)[number]
  const done = calls - (open[turn] as number)
  return { phase: 'script', fault, operations, at: 1 + ((done * LEAP) % calls) }
}

function expectEnd({ fault }: IoCase, { hit, became, output }: IoOutcome): void {
  if (hit !== undefined && (fault === 'before' || fault === 'after')) expect(became).toBe('crashed')
  if (became === 'stopped') expect(output).toMatch(/^chiron: .*(check the disk before you start the node again|free some space and start the node again)/m)
}

/** Folder of a file, without names that differ from node to node. */
function placeOf(path: string): string {
  return path.split('/').slice(1, 3).join('/').replace(/^blobs\/.*/, 'blobs').replace(/\.(?:sock|json).*/, '')
}

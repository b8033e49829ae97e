import { runChild } from '../long/child.ts'
import type { ReaderKind } from './model.ts'
import type { SeedReport } from './run.ts'

const MAIN = new URL('main.ts', import.meta.url)
const MAX_HEAP_MB = 1000

export interface ChildOptions {
  readonly from: number
  /** Seeds from there on, of which every `step`th is run. */
  readonly count: number
  readonly step?: number
  /** Of processor time: no seed begins after. */
  readonly seconds?: number
  /** Ends at the first seed that finds something. */
  readonly until?: boolean
  /** Only seeds with a reader of this kind. */
  readonly reader?: ReaderKind
  /** Name of a planted leak. */
  readonly plant?: string
}

export interface ChildRun {
  readonly reports: readonly SeedReport[]
  readonly cpuSeconds: number
}

/** Runs seeds in a process of their own, where time stands still. @throws what the process says when it ends otherwise than well */
export async function runSeeds({ from, count, step = 1, seconds = 3_600, until = false, reader, plant }: ChildOptions): Promise<ChildRun> {
  const args = ['--from', String(from), '--count', String(count), '--step', String(step), '--seconds', String(seconds), ...(until ? ['--until'] : []), ...(reader === undefined ? [] : ['--reader', reader]), ...(plant === undefined ? [] : ['--plant', plant])]
  const { lines, failure } = await runChild(MAIN, args, MAX_HEAP_MB)
  if (failure !== undefined) throw new TypeError(`the run ${failure}`)
  const { cpuSeconds } = lines.at(-1) as { readonly cpuSeconds: number }
  return { reports: lines.slice(0, -1) as SeedReport[], cpuSeconds }
}

/** The same in several processes at once, each with its share of seeds and time. */
export async function runShares({ from, count, seconds }: { readonly from: number; readonly count: number; readonly seconds: number }, processes: number): Promise<ChildRun> {
  const runs = await Promise.all(Array.from({ length: processes }, async (_, index) => await runSeeds({ from: from + index, count: count - index, step: processes, seconds: seconds / processes })))
  return { reports: runs.flatMap(({ reports }) => reports), cpuSeconds: runs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) }
}

/** What was found, with how to see it again. */
export function findingsOf({ reports }: ChildRun): string[] {
  return reports.flatMap(({ seed, findings }) => findings.map(({ kind, what }) => `seed ${seed} (node apps/node/test/leaks/main.ts --from ${seed}): ${kind}: ${what}`))
}

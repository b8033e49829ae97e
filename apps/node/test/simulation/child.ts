import { runChild } from '../long/child.ts'
import type { SeedReport } from './run.ts'

const MAIN = new URL('main.ts', import.meta.url)
const MAX_HEAP_MB = 1500

export interface ChildOptions {
  readonly from: number
  readonly count?: number
  readonly seconds?: number
  /** Ends at the first seed that finds something. */
  readonly until?: boolean
  readonly bug?: string
}

export interface ChildRun {
  readonly reports: readonly Omit<SeedReport, 'lines'>[]
  /** Processor time, the start included. */
  readonly cpuSeconds: number
}

/** Runs seeds in a process of their own. @throws what the process says when it ends otherwise than well */
export async function simulate({ from, count = 1, seconds = 3_600, until = false, bug }: ChildOptions): Promise<ChildRun> {
  const args = ['--from', String(from), '--count', String(count), '--seconds', String(seconds), ...(until ? ['--until'] : []), ...(bug === undefined ? [] : ['--bug', bug])]
  const { lines, failure } = await runChild(MAIN, args, MAX_HEAP_MB)
  if (failure !== undefined) throw new TypeError(`the simulation ${failure}`)
  const { cpuSeconds } = lines.at(-1) as { readonly cpuSeconds: number }
  return { reports: lines.slice(0, -1) as SeedReport[], cpuSeconds }
}

/** What a failing run says, with how to see it again. */
export function failuresOf({ reports }: ChildRun): string[] {
  return reports.filter(({ violations }) => violations.length > 0).map(({ seed, violations }) => (
    `seed ${seed}: ${violations.map(({ promise, what }) => `${promise}: ${what}`).join('; ')} (npm run simulate -- --from ${seed} --lines 200)`
  ))
}

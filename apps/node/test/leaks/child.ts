import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ReaderKind } from './model.ts'
import type { SeedReport } from './run.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

export interface ChildOptions {
  readonly from: number
  readonly count: number
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
export async function runSeeds({ from, count, seconds = 3_600, until = false, reader, plant }: ChildOptions): Promise<ChildRun> {
  const args = [MAIN, '--from', String(from), '--count', String(count), '--seconds', String(seconds), ...(until ? ['--until'] : []), ...(reader === undefined ? [] : ['--reader', reader]), ...(plant === undefined ? [] : ['--plant', plant])]
  const child = spawn(process.execPath, ['--max-old-space-size=1000', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors] = await Promise.all([textOf(child.stdout), textOf(child.stderr), new Promise((resolve) => child.once('exit', resolve))])
  if (child.exitCode !== 0) throw new TypeError(`the run ended with ${child.exitCode ?? child.signalCode}: ${errors.slice(0, 4000)}`)
  const lines = output.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown)
  const { cpuSeconds } = lines.pop() as { readonly cpuSeconds: number }
  return { reports: lines as SeedReport[], cpuSeconds }
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

/** What was found, with how to see it again. */
export function findingsOf({ reports }: ChildRun): string[] {
  return reports.flatMap(({ seed, findings }) => findings.map(({ kind, what }) => `seed ${seed} (node apps/node/test/leaks/main.ts --from ${seed}): ${kind}: ${what}`))
}

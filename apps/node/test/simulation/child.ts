import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SeedReport } from './run.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

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
  const args = [MAIN, '--from', String(from), '--count', String(count), '--seconds', String(seconds), ...(until ? ['--until'] : []), ...(bug === undefined ? [] : ['--bug', bug])]
  const child = spawn(process.execPath, ['--max-old-space-size=1500', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors] = await Promise.all([textOf(child.stdout), textOf(child.stderr), new Promise<number | null>((resolve) => child.once('exit', resolve))])
  if (child.exitCode !== 0) throw new Error(`the simulation ended with ${child.exitCode ?? child.signalCode}: ${errors}`)
  const lines = output.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown)
  const { cpuSeconds } = lines.pop() as { readonly cpuSeconds: number }
  return { reports: lines as SeedReport[], cpuSeconds }
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

/** What a failing run says, with how to see it again. */
export function failuresOf({ reports }: ChildRun): string[] {
  return reports.filter(({ violations }) => violations.length > 0).map(({ seed, violations }) => (
    `seed ${seed}: ${violations.map(({ promise, what }) => `${promise}: ${what}`).join('; ')} (npm run simulate -- --from ${seed} --lines 200)`
  ))
}

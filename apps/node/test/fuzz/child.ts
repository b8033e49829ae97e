import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FuzzReport } from '@chiron/testkit/fuzz'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
const MAX_HEAP_MB = 700

/** Fuzzes in a process of its own, whose modules have counters. @throws what the process says when it ends otherwise than well */
export async function fuzz(args: readonly string[]): Promise<FuzzReport[]> {
  const child = spawn(process.execPath, [`--max-old-space-size=${MAX_HEAP_MB}`, MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors] = await Promise.all([textOf(child.stdout), textOf(child.stderr), new Promise<number | null>((resolve) => child.once('exit', resolve))])
  const reports = output.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as FuzzReport)
  if (child.exitCode !== 0 && reports.every(({ findings }) => findings.length === 0)) throw new Error(`fuzzing ended with ${child.exitCode ?? child.signalCode} after ${reports.at(-1)?.target}: ${errors}`)
  return reports
}

/** What was found, with how to see it again. */
export function findingsOf(reports: readonly FuzzReport[]): string[] {
  return reports.flatMap(({ target, findings }) => findings.map(({ kind, message, input }) => `${target} ${kind}: ${message} (input ${input.slice(0, 4000)})`))
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

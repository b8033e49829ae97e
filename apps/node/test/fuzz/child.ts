import type { FuzzReport } from '@chiron/testkit/fuzz'
import { runChild } from '../long/child.ts'

const MAIN = new URL('main.ts', import.meta.url)
const MAX_HEAP_MB = 700

/** Fuzzes in a process of its own, whose modules have counters. @throws what the process says when it ends otherwise than well */
export async function fuzz(args: readonly string[]): Promise<FuzzReport[]> {
  const { lines, failure } = await runChild(MAIN, args, MAX_HEAP_MB)
  const reports = lines as FuzzReport[]
  if (failure !== undefined && reports.every(({ findings }) => findings.length === 0)) throw new TypeError(`fuzzing after ${reports.at(-1)?.target} ${failure}`)
  return reports
}

/** What was found, with how to see it again. */
export function findingsOf(reports: readonly FuzzReport[]): string[] {
  return reports.flatMap(({ target, findings }) => findings.map(({ kind, message, input }) => `${target} ${kind}: ${message} (input ${input.slice(0, 4000)})`))
}

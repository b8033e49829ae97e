import { writeFileSync } from 'node:fs'
import type { Reporter } from 'vitest/node'

/** What a run came to. A file that does not load, and an error outside every test, count as one failure each. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly { readonly test: string; readonly reason: string }[]
}

type TestRunEnd = Parameters<NonNullable<Reporter['onTestRunEnd']>>

/** Counts the modules of a finished run. */
export function tallyOf(modules: TestRunEnd[0], unhandled: TestRunEnd[1]): Tally {
  let passed = 0
  let failed = unhandled.length
  const skipped: { test: string; reason: string }[] = []
  for (const module of modules) {
    failed += module.errors().length
    for (const suite of module.children.allSuites()) failed += suite.errors().length
    for (const test of module.children.allTests()) {
      const result = test.result()
      if (result.state === 'passed') passed += 1
      else if (result.state === 'skipped') {
        skipped.push({ test: `${module.relativeModuleId} > ${test.fullName}`, reason: result.note ?? `marked ${test.options.mode ?? 'skip'}` })
      } else failed += 1
    }
  }
  return { passed, failed, skipped }
}

/** Lines that name what was skipped, tests with the same reason together. */
export function formatSkipped(skipped: Tally['skipped']): string[] {
  if (skipped.length === 0) return []
  const byReason = new Map<string, string[]>()
  for (const { test, reason } of skipped) byReason.set(reason, [...(byReason.get(reason) ?? []), test])
  const lines = [`SKIPPED ${skipped.length} ${skipped.length === 1 ? 'test' : 'tests'}:`]
  for (const [reason, tests] of byReason) lines.push(`  ${reason}`, ...tests.map((test) => `    - ${test}`))
  return lines
}

/** Prints skipped tests with their reasons after a run, and writes the tally to `outputFile` when it is given. */
export class TallyReporter implements Reporter {
  readonly #outputFile: string | undefined

  constructor(options: { outputFile: string | undefined }) {
    this.#outputFile = options.outputFile
  }

  onTestRunEnd(modules: TestRunEnd[0], unhandled: TestRunEnd[1]): void {
    const tally = tallyOf(modules, unhandled)
    const lines = formatSkipped(tally.skipped)
    if (lines.length > 0) process.stdout.write(`\n${lines.join('\n')}\n`)
    if (this.#outputFile !== undefined) writeFileSync(this.#outputFile, JSON.stringify(tally))
  }
}

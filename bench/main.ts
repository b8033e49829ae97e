import { createProgress } from '../apps/node/src/cli/progress.ts'
import { parseOptions, UsageError, USAGE } from './run/options.ts'
import { runBench, type Closers } from './run/run-bench.ts'
import { formatFigure } from './report/figures.ts'
import { writeResult } from './report/files.ts'
import type { BenchResult } from './report/result.ts'

process.exitCode = await main(process.argv.slice(2))

/** Exit code: 0 measured (whether or not targets are met), 1 failed or a wrong answer, 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  const closers: Closers = new Set()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void breakOff(closers))
  const progress = createProgress({ stdout: process.stdout, stderr: process.stderr })
  try {
    const options = parseOptions(args)
    if (options === undefined) {
      process.stdout.write(`${USAGE}\n`)
      return 0
    }
    const result = await runBench(options, (step, done, total) => progress.update(step, done, total), closers)
    progress.end()
    const report = writeResult(options.out, result)
    if (options.json) process.stdout.write(`${JSON.stringify(result, undefined, 1)}\n`)
    process.stderr.write(`${summary(result)}\nreport: ${report}\n`)
    return 0
  } catch (error) {
    progress.end()
    process.stderr.write(`chiron bench: ${(error as Error).message}\n${error instanceof UsageError ? `${USAGE}\n` : ''}`)
    return error instanceof UsageError ? 2 : 1
  }
}

/** Ends what was started; the newest first. */
async function breakOff(closers: Closers): Promise<void> {
  for (const close of [...closers].reverse()) await close().catch(() => undefined)
  process.exit(130)
}

function summary({ figures }: BenchResult): string {
  return figures.filter(({ target }) => target !== null).map((figure) => `${figure.met === true ? 'met ' : 'MISS'}  ${figure.name}: ${formatFigure(figure)} (${figure.target?.text ?? ''})`).join('\n')
}

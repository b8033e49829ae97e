import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Tally } from '../vitest/tally-reporter.ts'
import { lint } from './lint.ts'
import { test } from './test.ts'
import { typecheck } from './typecheck.ts'

export interface Outcome {
  readonly typesOk: boolean
  readonly lintOk: boolean
  readonly testExitCode: number
  /** Undefined when the test run ended before it could count. */
  readonly tally: Tally | undefined
}

/** One each for types and lint, plus the tests; a test run that failed without a failed test counts as one failure. */
export function summarise({ typesOk, lintOk, testExitCode, tally }: Outcome): { passed: number; failed: number } {
  const checks = [typesOk, lintOk].filter(Boolean).length
  const testsFailed = tally === undefined ? 1 : Math.max(tally.failed, testExitCode === 0 ? 0 : 1)
  return { passed: checks + (tally?.passed ?? 0), failed: 2 - checks + testsFailed }
}

async function ci(): Promise<number> {
  const typesOk = (await typecheck()) === 0
  const lintOk = (await lint()) === 0
  process.stdout.write(`lint: ${lintOk ? 'ok' : 'FAILED'}\n`)
  const folder = mkdtempSync(join(tmpdir(), 'chiron-ci-'))
  try {
    const tallyFile = join(folder, 'tally.json')
    const testExitCode = await test('ordinary', [], tallyFile)
    const tally = readTally(tallyFile)
    const { passed, failed } = summarise({ typesOk, lintOk, testExitCode, tally })
    process.stdout.write(`${passed} passed, ${failed} failed\n`)
    return failed === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function readTally(path: string): Tally | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Tally
  } catch {
    return undefined
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await ci()

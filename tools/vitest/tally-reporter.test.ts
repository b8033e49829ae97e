import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inPackage, root } from '../tasks/process.ts'
import type { Tally } from './tally-reporter.ts'

const FILES: Record<string, string> = {
  'a.test.ts': `
    import { describe, expect, it } from 'vitest'
    it('passes', () => {})
    it('fails', () => expect(1).toBe(2))
    it('needs data', ({ skip }) => skip('needs shared test data that is not here: x'))
    it('needs it too', ({ skip }) => skip('needs shared test data that is not here: x'))
    it.todo('later')
    describe.skip('not now', () => it('inner', () => {}))
  `,
  'b.test.ts': "throw new TypeError('does not load')",
  'c.test.ts': "import { it } from 'vitest'\nit('leaves an error behind', async () => { void Promise.reject(new TypeError('nobody listens')); await new Promise((resolve) => setImmediate(resolve)) })",
  'd.long.test.ts': "import { it } from 'vitest'\nit('is long', () => {})",
  'vitest.config.ts': '',
}

let folder: string
let ordinary: { stdout: string; tally: Tally }
let long: { stdout: string; tally: Tally }

function runTests(kind: string): { stdout: string; tally: Tally } {
  const file = join(folder, `${kind}.json`)
  const run = spawnSync(process.execPath, [inPackage('vitest', 'vitest.mjs'), 'run', '--root', folder], {
    cwd: folder, encoding: 'utf8', timeout: 50_000, env: { ...process.env, CHIRON_TESTS: kind, CHIRON_TALLY_FILE: file, NO_COLOR: '1' },
  })
  return { stdout: run.stdout, tally: JSON.parse(readFileSync(file, 'utf8')) as Tally }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chiron-tally-'))
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
  writeFileSync(join(folder, 'vitest.config.ts'), readFileSync(join(root, 'vitest.config.ts')))
  // The reporter alone: a test file beside it would run this suite within itself.
  mkdirSync(join(folder, 'tools/vitest'), { recursive: true })
  cpSync(join(root, 'tools/vitest/tally-reporter.ts'), join(folder, 'tools/vitest/tally-reporter.ts'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir')
  ordinary = runTests('ordinary')
  long = runTests('long')
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('the count of a run', () => {
  it('has every test, and files that do not load and errors outside of tests as failures', () => {
    expect({ passed: ordinary.tally.passed, failed: ordinary.tally.failed }).toEqual({ passed: 2, failed: 3 })
  })

  it('names skipped tests with the reason', () => {
    expect(ordinary.tally.skipped).toEqual([
      { test: 'a.test.ts > needs data', reason: 'needs shared test data that is not here: x' },
      { test: 'a.test.ts > needs it too', reason: 'needs shared test data that is not here: x' },
      { test: 'a.test.ts > later', reason: 'marked todo' },
      { test: 'a.test.ts > not now > inner', reason: 'marked skip' },
    ])
    expect(ordinary.stdout).toContain('SKIPPED 4 tests:\n  needs shared test data that is not here: x\n    - a.test.ts > needs data\n    - a.test.ts > needs it too\n')
  })

  it('keeps long tests apart', () => {
    expect(long.tally).toEqual({ passed: 1, failed: 0, skipped: [] })
    expect(ordinary.stdout).not.toContain('d.long.test.ts')
  })
})

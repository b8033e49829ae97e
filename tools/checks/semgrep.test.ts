import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ensureTool } from '../external/ensure.ts'
import { root } from '../tasks/process.ts'

const RULES = 'tools/supply/semgrep'
const found = await ensureTool('semgrep')
if ('missing' in found) process.stderr.write(`skipped: rules that lint cannot see. ${found.missing}\n`)

interface Report {
  readonly results: readonly { readonly check_id: string; readonly path: string; readonly start: { readonly line: number } }[]
  /** At level `warn`: a statement that semgrep's grammar does not know yet. */
  readonly errors: readonly { readonly level: string }[]
  readonly paths: { readonly scanned: readonly string[] }
}

function semgrep(args: readonly string[]): string {
  if (!('program' in found)) return ''
  const { stdout } = spawnSync(found.program, ['scan', '--metrics=off', '--disable-version-check', ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    env: { ...process.env, SEMGREP_SEND_METRICS: 'off', PYTHONWARNINGS: 'ignore' },
  })
  return stdout
}

describe.skipIf('missing' in found)('rules that lint cannot see', { timeout: 180_000 }, () => {
  it('find what they are meant to find', () => {
    const { results } = JSON.parse(semgrep(['--test', '--json', RULES])) as { results: Record<string, { checks: Record<string, { passed: boolean }> }> }
    const checks = Object.values(results).flatMap((file) => Object.entries(file.checks))
    expect(checks.length).toBeGreaterThan(10)
    expect(checks.filter(([, { passed }]) => !passed)).toEqual([])
  })

  it('find nothing in the repository', () => {
    const report = JSON.parse(semgrep(['--json', '--config', join(RULES, 'rules.yml'), '--exclude', RULES, 'packages', 'apps', 'examples', 'tools'])) as Report
    expect(report.paths.scanned.length).toBeGreaterThan(300)
    expect(report.errors.filter(({ level }) => level !== 'warn')).toEqual([])
    expect(report.results.map(({ check_id, path, start }) => `${check_id} at ${path}:${start.line}`)).toEqual([])
  })
})

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ensureTool } from '../external/ensure.ts'
import { root } from '../tasks/process.ts'

const found = await ensureTool('gitleaks')
if ('missing' in found) process.stderr.write(`skipped: the scan for secrets. ${found.missing}\n`)

function scan(...args: string[]): { code: number | null; output: string } {
  if (!('program' in found)) return { code: null, output: found.missing }
  const { status, stdout, stderr } = spawnSync(found.program, [...args, '--no-banner', '--redact', '--config', join(root, '.gitleaks.toml')], { cwd: root, encoding: 'utf8' })
  return { code: status, output: stdout + stderr }
}

describe.skipIf('missing' in found)('secrets', () => {
  it('are in no commit', () => {
    expect(scan('git', '--verbose', root)).toMatchObject({ code: 0 })
  })

  it('would be found', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chiron-secrets-'))
    try {
      const planted = ['AKIA', 'Q7RT', '5WXM', '2ZKD', 'V4NB'].join('')
      writeFileSync(join(folder, 'settings.json'), `{ "aws_access_key_id": "${planted}" }\n`)
      expect(scan('dir', folder)).toMatchObject({ code: 1 })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

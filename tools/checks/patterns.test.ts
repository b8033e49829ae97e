import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAst } from 'rolldown/parseAst'
import { analyse } from 'scslre'
import { describe, expect, it } from 'vitest'
import { root } from '../tasks/process.ts'

const FOLDERS = ['apps/node/src', ...['fhir', 'ledger', 'protocol', 'sdk', 'vault'].map((name) => `packages/${name}/src`)]

/** Patterns that take more than linear time, and why nobody makes them: what they read is short or our own. */
const KNOWN: ReadonlySet<string> = new Set([
  // An error's own stack.
  'apps/node/src/log.ts: \\n\\s+at (.+)',
  // Addresses that the operator or the user of the client configured.
  'apps/node/src/config/config.ts: \\/+$',
  'apps/node/src/transparency/config.ts: \\/+$',
  'apps/node/src/cli/as-patient.ts: \\/+$',
  'packages/sdk/src/http/transport.ts: \\/+$',
  // Scopes of a token that this node signed.
  'apps/node/src/gateway/reader.ts: ^(?:user|patient|system)\\/(\\*|[A-Za-z]+)\\.[cruds]*r[cruds]*$',
  // Attributes of a tag that was matched whole before: every name has its value.
  'packages/fhir/src/validation/narrative.ts: ([A-Za-z_:][\\w:.-]*)\\s*=\\s*("[^"]*"|\'[^\']*\')',
])

/** Literal patterns in TypeScript text. */
function patternsIn(path: string, text: string): { readonly source: string; readonly flags: string }[] {
  const found: { source: string; flags: string }[] = []
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('regex' in node && typeof node.regex === 'object') {
      const { pattern, flags } = node.regex as { pattern: string; flags: string }
      found.push({ source: pattern, flags })
    }
    for (const value of Object.values(node)) walk(value)
  }
  walk(parseAst(text, { lang: 'ts' }, path))
  return found
}

/** Whether an input makes the pattern take more than linear time. */
function isSlow({ source, flags }: { readonly source: string; readonly flags: string }): boolean {
  return analyse({ source, flags }).reports.length > 0
}

describe('regular expressions', () => {
  it('take time in proportion to what they read, but for those that are named with a reason', () => {
    const files = FOLDERS.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts')).map((path) => `${folder}/${path}`))
    const all = files.flatMap((path) => patternsIn(path, readFileSync(join(root, path), 'utf8')).map((pattern) => ({ path, pattern })))
    expect(all.length).toBeGreaterThan(100)
    expect(all.filter(({ pattern }) => isSlow(pattern)).map(({ path, pattern }) => `${path}: ${pattern.source}`).sort()).toEqual([...KNOWN].sort())
  })

  it('that do not are found', () => {
    const [slow, fast] = patternsIn('x.ts', 'const a: RegExp[] = [/x*x*y/, /^x*$/]')
    expect([slow, fast].map((pattern) => isSlow(pattern ?? { source: '', flags: '' }))).toEqual([true, false])
  })
})

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inPackage, root } from '../tasks/process.ts'

interface Sample {
  readonly rule: string
  readonly file: string
  readonly bad: string
  /** The same file as it should be; lints without any finding of the rule. */
  readonly good: string
}

const PURE = 'packages/ledger/src/state/sample.ts'
const NODE = 'apps/node/src/gateway/sample.ts'

const deterministic = (bad: string, good: string): Sample => ({ rule: 'chiron(deterministic)', file: PURE, bad, good })

const ports = (bad: string, good: string): Sample => ({ rule: 'chiron(ports)', file: 'apps/node/src/gateway/access/sample.ts', bad, good })

const SAMPLES: Sample[] = [
  deterministic('export const at = new Date(0)', 'export const at = (timeMs: number) => timeMs'),
  deterministic('export const at = Date.now', 'class Date {}\nexport const at = new Date()'),
  deterministic('export const n = Math.random()', 'export const n = Math.floor(7 / 2)'),
  deterministic('export const n = (a: number) => Math.pow(a, 2)', 'export const n = (a: number) => Math.max(a, 2)'),
  deterministic("export const n = (a: number) => Math['exp'](a)", "export const n = (a: number) => Math['abs'](a)"),
  deterministic('export const n = (a: number) => Math.log(a)', 'export const n = (a: number) => Math.trunc(a)'),
  deterministic('export const n = (a: number) => Math.sin(a)', 'export const n = (a: number) => Math.min(a)'),
  deterministic('const { sin } = Math\nexport const n = sin', 'const { min } = { min: 1 }\nexport const n = min'),
  deterministic('export const f = (n: number) => Intl.NumberFormat().format(n)', 'export const f = (n: number) => String(n)'),
  deterministic('export const f = (a: string, b: string) => a.localeCompare(b)', 'export const f = (a: string, b: string) => a < b'),
  deterministic('export const f = (a: string) => a.toLocaleUpperCase()', 'export const f = (a: string) => a.toUpperCase()'),
  deterministic('export const f = globalThis', 'export const f = 1'),
  deterministic('export const n = 0.5', 'export const n = 1e3'),
  deterministic('export const n = 1e-3', 'export const n = 10n'),
  deterministic('export const f = async () => 1', 'export const f = () => 1'),
  deterministic('export async function f() {}', 'export function f() {}'),
  deterministic('export const f = (a: unknown): Promise<unknown> => a as never', 'export const f = (a: unknown): unknown => a as never'),
  deterministic('export const f = () => Promise.resolve(1)', 'export const f = () => 1'),
  deterministic('export const f = (a: object) => { for (const key in a) return key }', 'export const f = (a: object) => { for (const key of Object.keys(a)) return key }'),
  deterministic('export const f = () => setTimeout(() => {}, 1)', 'export const f = (setTimeout: () => number) => setTimeout()'),
  deterministic('export const f = () => performance.now()', 'export const f = (o: { performance: number }) => o.performance'),
  deterministic('export const f = () => crypto.getRandomValues(new Uint8Array(1))', 'export const f = () => new Uint8Array(1)'),
  deterministic("import { readFileSync } from 'node:fs'\nexport const f = readFileSync", "import { x } from '@chiron/protocol'\nexport const f = x"),
  deterministic("export const f = () => import('./other.ts')", "export { x } from './other.ts'"),
  deterministic('export const f = (v: DataView) => v.getFloat64(0)', 'export const f = (v: DataView) => v.getUint32(0)'),
  { rule: 'chiron(deterministic)', file: 'packages/protocol/src/sample.ts', bad: 'export const n = 0.5', good: 'export const n = 5' },
  { rule: 'chiron(layers)', file: 'packages/protocol/src/sample.ts', bad: "export * from '@chiron/ledger'", good: "export * from './other.ts'" },
  { rule: 'chiron(layers)', file: 'packages/vault/src/sample.ts', bad: "import { x } from '@chiron/ledger'\nexport const y = x", good: "import { x } from '@chiron/protocol'\nexport const y = x" },
  { rule: 'chiron(layers)', file: 'packages/fhir/src/sample.ts', bad: "import type { X } from '@chiron/protocol'\nexport type Y = X", good: 'export type Y = string' },
  { rule: 'chiron(layers)', file: 'packages/sdk/src/sample.ts', bad: "export { x } from '@chiron/ledger'", good: "export { x } from '@chiron/ledger/proofs'" },
  { rule: 'chiron(layers)', file: 'packages/sdk/src/types.ts', bad: "export type Y = import('@chiron/ledger').X", good: "export type Y = import('@chiron/ledger/decide').X" },
  { rule: 'chiron(layers)', file: NODE, bad: "export { x } from '../../../../packages/protocol/src/index.ts'", good: "export { x } from '../engine/engine.ts'" },
  { rule: 'chiron(layers)', file: 'packages/sdk/test/sample.test.ts', bad: "export { x } from '../../vault/src/index.ts'", good: "export { x } from '../../../tools/vectors/protocol.ts'" },
  { rule: 'chiron(layers)', file: 'apps/portal/src/sample.ts', bad: "export { x } from '@chiron/node'", good: "export { x } from '@chiron/sdk'" },
  { rule: 'chiron(layers)', file: 'packages/vault/src/lazy.ts', bad: "export const f = () => import('@chiron/sdk')", good: "export const f = () => import('@chiron/protocol')" },
  { rule: 'chiron(declared-imports)', file: 'packages/fhir/src/sample.ts', bad: "export { Hono } from 'hono'", good: "export * from '@medplum/core'" },
  { rule: 'chiron(declared-imports)', file: NODE, bad: "export { it } from 'vitest'", good: "export { Hono } from 'hono'" },
  { rule: 'chiron(declared-imports)', file: NODE, bad: "export { join } from 'path'", good: "export { join } from 'node:path'" },
  { rule: 'chiron(folder-names)', file: 'packages/sdk/src/utils/sample.ts', bad: 'export const a = 1', good: '' },
  { rule: 'chiron(no-bare-error)', file: 'packages/vault/src/sample.ts', bad: "export const f = () => { throw new Error('no') }", good: "class VaultError extends Error {}\nexport const f = () => { throw new VaultError('no') }" },
  ports('export const at = () => Date.now()', 'export const at = (timeMs: number) => new Date(timeMs)'),
  ports('export const at = () => new Date()', "export const at = (text: string) => Date.parse(text)"),
  ports('export const n = Math.random()', 'export const n = Math.floor(7 / 2)'),
  ports('export const f = () => setTimeout(() => {}, 1)', 'export const f = () => queueMicrotask(() => {})'),
  ports('export const f = () => globalThis.setInterval(() => {}, 1)', 'export const f = (setInterval: () => number) => setInterval()'),
  ports('export const f = () => globalThis.crypto.getRandomValues(new Uint8Array(1))', 'export const f = () => globalThis.crypto.subtle'),
  ports("import { randomBytes } from 'node:crypto'\nexport const f = randomBytes", "import { createHash } from 'node:crypto'\nexport const f = createHash"),
  ports("import { readFileSync } from 'node:fs'\nexport const f = readFileSync", "import type { Stats } from 'node:fs'\nexport type F = Stats"),
  ports("import { setTimeout } from 'node:timers/promises'\nexport const f = setTimeout", "import { setImmediate } from 'node:timers/promises'\nexport const f = setImmediate"),
  { rule: 'node(no-process-env)', file: NODE, bad: "export const f = process.env['HOME']", good: 'export const f = process.pid' },
  { rule: 'eslint(no-restricted-imports)', file: NODE, bad: "import { env } from 'node:process'\nexport const f = env", good: "import { join } from 'node:path'\nexport const f = join" },
  { rule: 'eslint(no-console)', file: NODE, bad: "export const f = () => console.log('a')", good: 'export const f = () => 1' },
  { rule: 'eslint(max-lines)', file: NODE, bad: 'export const a = 1\n'.padEnd(420, '\n'), good: 'export const a = 1\n'.padEnd(390, '\n') },
  { rule: 'typescript(no-explicit-any)', file: NODE, bad: 'export const f = (a: any) => a', good: 'export const f = (a: unknown) => a' },
  { rule: 'typescript(consistent-type-imports)', file: NODE, bad: "import { Hono } from 'hono'\nexport type A = Hono", good: "import type { Hono } from 'hono'\nexport type A = Hono" },
  { rule: 'import(no-cycle)', file: 'packages/sdk/src/first.ts', bad: "import { b } from './second.ts'\nexport const a = () => b", good: 'export const a = 1' },
]

/** Another end for the cycle, and modules for imports to find. */
const SURROUNDINGS: Record<string, string> = {
  'packages/sdk/src/second.ts': "import { a } from './first.ts'\nexport const b = () => a",
  'packages/protocol/src/other.ts': 'export const x = 1',
  'apps/portal/package.json': '{ "name": "@chiron/portal", "dependencies": { "@chiron/sdk": "0.1.0", "@chiron/fhir": "0.1.0" } }',
}

interface Finding {
  readonly code?: string
  readonly filename: string
}

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

/** Lints files of a made-up clone with the real configuration; findings by file. */
function lintFiles(files: Record<string, string>): Map<string, string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chiron-lint-'))
  folders.push(folder)
  for (const path of ['.oxlintrc.json', 'package.json', 'tsconfig.base.json', 'tools/lint']) cpSync(join(root, path), join(folder, path), { recursive: true })
  for (const workspace of ['packages/protocol', 'packages/ledger', 'packages/vault', 'packages/fhir', 'packages/sdk', 'apps/node']) {
    for (const name of ['package.json', 'tsconfig.json']) {
      mkdirSync(join(folder, workspace), { recursive: true })
      cpSync(join(root, workspace, name), join(folder, workspace, name))
    }
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const run = spawnSync(process.execPath, [inPackage('oxlint', 'bin/oxlint'), '--format', 'json', 'packages', 'apps'], { cwd: folder, encoding: 'utf8' })
  const { diagnostics } = JSON.parse(run.stdout) as { diagnostics: Finding[] }
  const byFile = new Map<string, string[]>()
  for (const { code, filename } of diagnostics) byFile.set(filename, [...(byFile.get(filename) ?? []), code ?? 'unknown'])
  return byFile
}

/** Gives every sample a file of its own beside the one it names. */
function numbered(file: string, index: number): string {
  return file.includes('/first.ts') ? file : file.replace(/\.ts$/, `-${index}.ts`)
}

function lintAll(kind: 'bad' | 'good'): Map<string, string[]> {
  return lintFiles({ ...SURROUNDINGS, ...Object.fromEntries(SAMPLES.map((sample, index) => [numbered(sample.file, index), sample[kind]])) })
}

describe('rules of the house', () => {
  let bad: Map<string, string[]>
  let good: Map<string, string[]>
  beforeAll(() => {
    bad = lintAll('bad')
    good = lintAll('good')
  })

  SAMPLES.forEach((sample, index) => {
    it(`${sample.rule} fires on: ${sample.bad.trim().split('\n')[0]}`, () => {
      expect(bad.get(numbered(sample.file, index)) ?? []).toContain(sample.rule)
    })
    if (sample.good !== '') {
      it(`${sample.rule} passes: ${sample.good.trim().split('\n')[0]}`, () => {
        expect(good.get(numbered(sample.file, index)) ?? []).not.toContain(sample.rule)
      })
    }
  })

  it('has a sample for every rule of the plugin', () => {
    const rules = [...readFileSync(join(root, 'tools/lint/plugin.mjs'), 'utf8').matchAll(/^ {4}'?([a-z-]+)'?[:,]/gm)].map((match) => match[1])
    expect(rules.length).toBeGreaterThan(4)
    const sampled = new Set(SAMPLES.map(({ rule }) => rule))
    expect(rules.filter((rule) => !sampled.has(`chiron(${rule})`))).toEqual([])
  })
})

import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bundledNode, majorOf } from '../bin/reexecute.mjs'
import { readEnvironment } from '../src/config/env.ts'

const bin = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin')

let clone: string
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'chiron-launcher-'))
  mkdirSync(join(clone, 'apps/node/src/cli'), { recursive: true })
  cpSync(bin, join(clone, 'apps/node/bin'), { recursive: true })
})
afterEach(() => rmSync(clone, { recursive: true }))

/** A command line that shows who runs it. */
function writeMain(body: string): void {
  writeFileSync(join(clone, 'apps/node/src/cli/main.ts'), `export async function main(args: readonly string[]): Promise<number> {\n${body}\n}\n`)
}

/** A `node` package whose node runs `program` in place of the real one. */
function writeBundledNode(program: string): void {
  const folder = join(clone, 'node_modules/node')
  mkdirSync(join(folder, 'bin'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "name": "node" }')
  writeFileSync(join(folder, 'bin/node'), `#!/bin/sh\n${program}\n`, { mode: 0o755 })
}

/** Makes the process believe it is an older Node, as the launcher reads it. */
function asNode(version: string): string[] {
  const preload = join(clone, 'older.mjs')
  writeFileSync(preload, `Object.defineProperty(process.versions, 'node', { value: ${JSON.stringify(version)} })\n`)
  return ['--import', preload]
}

const launcher = (): string => join(clone, 'apps/node/bin/chiron.mjs')

describe('the launcher', () => {
  it('runs the command line in its own process under Node 24, with arguments and exit code', () => {
    writeMain("process.stdout.write(JSON.stringify({ args, pid: process.pid }))\nreturn 7")
    const run = spawnSync(process.execPath, [launcher(), 'a b', '--c'], { encoding: 'utf8' })
    expect({ status: run.status, out: JSON.parse(run.stdout) as unknown }).toEqual({ status: 7, out: { args: ['a b', '--c'], pid: run.pid } })
  })

  it('runs itself under the bundled Node when its own is older', () => {
    writeMain("process.stdout.write(JSON.stringify(args))\nreturn 5")
    writeBundledNode(`exec ${process.execPath} "$@"`)
    const run = spawnSync(process.execPath, [...asNode('20.20.2'), launcher(), 'status', '--json'], { encoding: 'utf8' })
    expect({ status: run.status, stdout: run.stdout, stderr: run.stderr }).toEqual({ status: 5, stdout: '["status","--json"]', stderr: '' })
  })

  it.each([[undefined, '1'], ['4', '4']])("lets memory's arenas be few unless told otherwise (%s)", (told, seen) => {
    writeMain("process.stdout.write(process.env['MALLOC_ARENA_MAX'] ?? '')\nreturn 0")
    writeBundledNode(`exec ${process.execPath} "$@"`)
    const { MALLOC_ARENA_MAX: _own, ...env } = readEnvironment()
    const run = spawnSync(process.execPath, [...asNode('20.20.2'), launcher()], { encoding: 'utf8', env: { ...env, ...(told === undefined ? {} : { MALLOC_ARENA_MAX: told }) } })
    expect(run.stdout).toBe(seen)
  })

  it('starts where it is called through a link, as npm makes one', () => {
    writeMain("process.stdout.write('ok')\nreturn 0")
    symlinkSync(launcher(), join(clone, 'chiron'))
    expect(spawnSync(process.execPath, [join(clone, 'chiron')], { encoding: 'utf8' }).stdout).toBe('ok')
  })

  it('says what to do when the bundled Node is missing', () => {
    const run = spawnSync(process.execPath, [...asNode('20.20.2'), launcher(), 'up'], { encoding: 'utf8' })
    expect({ status: run.status, stdout: run.stdout }).toEqual({ status: 1, stdout: '' })
    expect(run.stderr).toBe('chiron: Chiron needs Node 24 and brings its own, which is not installed; this is Node 20.20.2. In the folder of Chiron run: npm ci\n')
  })

  it('says what to do when the bundled Node does not start', () => {
    writeBundledNode('exit 0')
    rmSync(join(clone, 'node_modules/node/bin/node'))
    mkdirSync(join(clone, 'node_modules/node/bin/node'))
    const run = spawnSync(process.execPath, [...asNode('20.20.2'), launcher()], { encoding: 'utf8' })
    expect(run).toMatchObject({ status: 1, stderr: expect.stringMatching(/does not start \(EACCES\)\. In the folder of Chiron run: npm ci/) })
  })

  it('says what to do when a package is missing', () => {
    writeFileSync(join(clone, 'apps/node/src/cli/main.ts'), "import 'not-installed-package'\n")
    const run = spawnSync(process.execPath, [launcher()], { encoding: 'utf8' })
    expect(run).toMatchObject({ status: 1, stderr: "chiron: a part of Chiron is not installed (not-installed-package). In the folder of Chiron run: npm ci\n" })
  })

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('forwards %s, and ends with what the command made of it', async (signal) => {
    writeMain(`return new Promise((resolve) => { process.on('${signal}', () => { process.stdout.write('got it'); resolve(42); process.channel?.unref(); clearInterval(alive) }); const alive = setInterval(() => {}, 1000); process.stdout.write('ready ') })`)
    writeBundledNode(`exec ${process.execPath} "$@"`)
    expect(await signalled(signal)).toEqual({ output: 'ready got it', code: 42 })
  })

  it('ends as a shell would say when the signal ended the command', async () => {
    writeMain("return new Promise(() => { setInterval(() => {}, 1000); process.stdout.write('ready ') })")
    writeBundledNode(`exec ${process.execPath} "$@"`)
    expect(await signalled('SIGTERM')).toEqual({ output: 'ready ', code: 143 })
  })

  function signalled(signal: NodeJS.Signals): Promise<{ output: string; code: number | null }> {
    const child = spawn(process.execPath, [...asNode('20.20.2'), launcher()], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    return new Promise((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        if (output === 'ready ') child.kill(signal)
      })
      child.on('close', (code) => resolve({ output, code }))
    })
  }
})

describe('versions', () => {
  it('are read with and without a v', () => expect([majorOf('20.1.0'), majorOf('v24.0.0'), majorOf('9.9.9')]).toEqual([20, 24, 9]))

  it('finds the bundled Node from a folder below, and none where there is none', () => {
    expect(bundledNode(join(clone, 'apps/node/bin'))).toBeUndefined()
    writeBundledNode('exit 0')
    expect(bundledNode(join(clone, 'apps/node/bin'))).toMatch(/node_modules\/node\/bin\/node$/)
  })
})

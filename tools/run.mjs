// What the npm scripts call: makes the clone ready, then runs the task under Node 24.
// Plain JavaScript for any Node from 20 on.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundledNode, runInPlace } from '../apps/node/bin/reexecute.mjs'
import { markInstalled } from './setup/install.mjs'
import { makeReady, taskEnvironment } from './setup/ready.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const LAUNCHER = 'apps/node/bin/chiron.mjs'

/**
 * Each task's program under the root and its first arguments.
 * @type {Readonly<Record<string, readonly [string, ...string[]]>>}
 */
const TASKS = {
  start: [LAUNCHER, 'up'],
  test: ['tools/tasks/test.ts', 'ordinary'],
  'test:long': ['tools/tasks/test.ts', 'long'],
  typecheck: ['tools/tasks/typecheck.ts'],
  lint: ['tools/tasks/lint.ts'],
  ci: ['tools/tasks/ci.ts'],
  sbom: ['tools/supply/sbom.ts'],
  security: ['tools/supply/asvs.ts'],
  example: ['tools/tasks/example.ts'],
  bench: ['bench/main.ts'],
  simulate: ['apps/node/test/simulation/main.ts'],
  fuzz: ['apps/node/test/fuzz/main.ts'],
}

const [name = '', ...args] = process.argv.slice(2)
process.exitCode = await run(name)

/** @param {string} task */
async function run(task) {
  if (task === 'prepare') return prepare()
  const found = Object.hasOwn(TASKS, task) ? TASKS[task] : undefined
  if (found === undefined) {
    process.stderr.write(`usage: node tools/run.mjs ${[...Object.keys(TASKS), 'prepare'].join(' | ')}\n`)
    return 2
  }
  const node = await makeReady(root)
  if (node === undefined) return 1
  const [program, ...first] = found
  return runInPlace(node, [join(root, program), ...first, ...args], { env: taskEnvironment(root), ...(task === 'start' ? {} : { cwd: root }) })
}

/** npm runs this after an installation, and once when `npx chiron` meets the clone, perhaps before anything is installed. */
async function prepare() {
  if (bundledNode(root) === undefined) return 0
  if (['ci', 'install'].includes(process.env['npm_command'] ?? '')) markInstalled(root)
  return (await makeReady(root, { install: false })) === undefined ? 1 : 0
}

// Plain JavaScript for any Node from 20 on: this runs before the bundled Node 24 does.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The oldest major version of Node that runs Chiron's sources. */
export const REQUIRED_MAJOR = 24

/** Threads of glibc share one arena: what each of them freed would else be kept apart, some 100 MB with a database's threads. */
const MEMORY = { MALLOC_ARENA_MAX: '1' }

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']

/**
 * Major version in a string such as `20.11.1` or `v24.0.0`.
 * @param {string} version
 */
export function majorOf(version) {
  return Number.parseInt(version.replace(/^v/, ''), 10)
}

/**
 * Path of the Node that the `node` package brought, looked up from `from` (a folder) upwards; undefined when it is not installed.
 * @param {string} from
 * @returns {string | undefined}
 */
export function bundledNode(from) {
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  try {
    const manifest = createRequire(join(from, 'look-up.js')).resolve('node/package.json')
    const path = join(dirname(manifest), 'bin', file)
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

/**
 * Runs `node` with `args` in this process's place: same standard streams, signals forwarded, and resolves with the exit
 * code that this process should end with (128 + number for a signal). The child learns of this process's sudden
 * end by its IPC channel closing.
 * @param {string} node
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {Promise<number>}
 */
export function runInPlace(node, args, options = {}) {
  return new Promise((resolve, reject) => {
    const env = { ...MEMORY, ...(options.env ?? process.env) }
    const child = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], ...options, env })
    const handlers = FORWARDED.map((signal) => {
      const forward = () => void child.kill(/** @type {NodeJS.Signals} */ (signal))
      process.on(signal, forward)
      return () => process.off(signal, forward)
    })
    const finish = () => {
      for (const remove of handlers) remove()
    }
    child.once('error', (error) => {
      finish()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      finish()
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal])
    })
  })
}

/** Folder of this file. */
export const binFolder = dirname(fileURLToPath(import.meta.url))

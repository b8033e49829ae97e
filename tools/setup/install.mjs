// Plain JavaScript for any Node from 20 on: this runs before anything is installed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const WAIT_MS = 250

/** @param {string} root */
function stampPath(root) {
  return join(root, 'node_modules', '.chiron-install')
}

/**
 * What an installation depends on: the lock file, and the machine that packages with binaries were chosen for.
 * @param {string} root
 */
export function installFingerprint(root) {
  const lock = readFileSync(join(root, 'package-lock.json'))
  return createHash('sha256').update(lock).update(`\0${process.platform}-${process.arch}`).digest('hex')
}

/**
 * Whether what package-lock.json names was installed, on this kind of machine.
 * @param {string} root
 */
export function isInstalled(root) {
  try {
    return readFileSync(stampPath(root), 'utf8') === installFingerprint(root)
  } catch {
    return false
  }
}

/**
 * Remembers that what package-lock.json names is installed.
 * @param {string} root
 */
export function markInstalled(root) {
  writeFileSync(stampPath(root), installFingerprint(root))
}

/**
 * Installs with `npm ci` unless it was done. Of several processes one installs and the others wait.
 * @param {string} root
 * @param {{ log?: (line: string) => void, npmCi?: (root: string) => Promise<number> }} [options]
 * @returns {Promise<boolean>} whether everything is installed now
 */
export async function ensureInstalled(root, { log = toStderr, npmCi = runNpmCi } = {}) {
  while (!isInstalled(root)) {
    const release = takeLock(root)
    if (release === undefined) {
      log('waiting for another installation in this folder')
      await waitForLock(root)
      continue
    }
    try {
      if (isInstalled(root)) break
      log(existsSync(join(root, 'node_modules')) ? 'package-lock.json changed: installing packages' : 'installing packages (once)')
      const code = await npmCi(root)
      if (code !== 0) {
        log(`npm ci failed with code ${code}; its message is above. Is the package registry reachable?`)
        return false
      }
      markInstalled(root)
    } finally {
      release()
    }
  }
  return true
}

/** @param {string} root */
function lockPath(root) {
  return join(root, '.tools', 'install.lock')
}

/**
 * @param {string} root
 * @returns {(() => void) | undefined}
 */
function takeLock(root) {
  const path = lockPath(root)
  mkdirSync(join(root, '.tools'), { recursive: true })
  if (existsSync(path) && !isAlive(holderOf(path))) rmSync(path, { force: true })
  try {
    const file = openSync(path, 'wx')
    writeSync(file, String(process.pid))
    closeSync(file)
    return () => rmSync(path, { force: true })
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined
    throw error
  }
}

/** @param {string} root */
async function waitForLock(root) {
  const path = lockPath(root)
  while (existsSync(path) && isAlive(holderOf(path))) await delay(WAIT_MS)
}

/** @param {string} path */
function holderOf(path) {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10)
  } catch {
    return Number.NaN
  }
}

/** A lock whose holder has not written its number yet counts as held. @param {number} pid */
function isAlive(pid) {
  if (Number.isNaN(pid)) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** @param {string} root */
function runNpmCi(root) {
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const cli = process.env['npm_execpath']
  const ownNpm = cli !== undefined && /npm-cli\.c?js$/.test(cli)
  const [command, first] = ownNpm ? [process.execPath, [cli]] : ['npm', []]
  return new Promise((resolve) => {
    const child = spawn(command, [...first, ...args], { cwd: root, stdio: ['ignore', 2, 2], shell: !ownNpm && process.platform === 'win32' })
    child.once('error', () => resolve(127))
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/** @param {string} line */
function toStderr(line) {
  process.stderr.write(`chiron: ${line}\n`)
}

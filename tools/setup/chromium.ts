import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const INSTALL_LIMIT_MS = 600_000

/** For whoever sees the tests in a browser skipped. */
export const HOW_TO_GET_CHROMIUM = 'no Chromium here: install it with `apt-get install chromium`, or name one with CHIRON_CHROMIUM'

/** Path of a Chromium on this machine: `CHIRON_CHROMIUM`, or the first on the path. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = environment['CHIRON_CHROMIUM']
  if (named !== undefined && named !== '') return named
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

/**
 * Sees to it that there is a Chromium: on a bare Debian or Ubuntu, as root, it is installed. Where that is not possible it is
 * said how to get it, and the tests that need it are skipped.
 */
export async function ensureChromium(log: (line: string) => void, run: (command: string, args: readonly string[]) => Promise<number> = runQuietly): Promise<string | undefined> {
  const found = findChromium()
  if (found !== undefined) return found
  if (process.getuid?.() === 0 && process.platform === 'linux') {
    log('installing Chromium for the tests in a browser (once)')
    const install = async (): Promise<number> => await run('apt-get', ['install', '--yes', '--no-install-recommends', 'chromium'])
    if ((await install()) !== 0 && (await run('apt-get', ['update'])) === 0) await install()
  }
  const installed = findChromium()
  if (installed === undefined) log(HOW_TO_GET_CHROMIUM)
  return installed
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function runQuietly(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', timeout: INSTALL_LIMIT_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
    child.once('error', () => resolve(127))
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

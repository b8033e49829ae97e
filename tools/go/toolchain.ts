import { spawn, spawnSync } from 'node:child_process'
import { root } from '../tasks/process.ts'

const LEAST = [1, 26] as const

export { root }

/** Why Go cannot be used here, or undefined if it can: at least 1.26, whose standard library has HPKE and ML-KEM. */
export function goMissing(): string | undefined {
  const found = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', env: goEnvironment() })
  if (found.status !== 0) return 'Go is not installed'
  const [major = 0, minor = 0] = (/^go(\d+)\.(\d+)/.exec(found.stdout)?.slice(1) ?? []).map(Number)
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]) ? undefined : `Go ${LEAST.join('.')} is needed, and this is ${found.stdout.trim()}`
}

/** Runs a go command in a folder; what it printed. Rejects with what it said when it fails. */
export function go(args: readonly string[], folder: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, { cwd: folder, env: goEnvironment(), timeout: timeoutMs })
    let [out, errors] = ['', '']
    child.stdout.on('data', (data: Buffer) => (out += data.toString()))
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve(out) : reject(new TypeError(`go ${args[0] ?? ''} failed:\n${out}${errors}`))))
  })
}

/** The installed toolchain and no other: nothing is fetched to read a go.mod. */
function goEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, GOTOOLCHAIN: 'local', GOWORK: 'off' }
}

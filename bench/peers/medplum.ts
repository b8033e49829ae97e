import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PeerMissing, type Peer, type Say } from './peer.ts'
import { runProgram, startProgram, stopProgram } from './programs.ts'

const SOURCE = fileURLToPath(new URL('medplum', import.meta.url))
const TOOLS = fileURLToPath(new URL('../../.tools', import.meta.url))

/**
 * Medplum's router over its in-memory repository, in a process of its own.
 * @throws PeerMissing when its packages cannot be installed
 */
export async function startMedplum(say: Say): Promise<Peer> {
  const folder = await install(say)
  let port = ''
  const ready = { test: (said: string): boolean => (port = /^READY (\d+)$/m.exec(said)?.[1] ?? '') !== '' }
  const server = await startProgram(process.execPath, [join(folder, 'server.mjs')], ready, { timeoutMs: 60_000 })
  if (server.pid === undefined) throw new PeerMissing('the server has no process id')
  return {
    name: 'Medplum in memory',
    description: `Medplum's fhir-router ${version()} over its in-memory repository; no login, no disk, no audit events`,
    base: `http://127.0.0.1:${port}`,
    pids: [server.pid],
    stop: () => stopProgram(server),
  }
}

function version(): string {
  const { dependencies } = JSON.parse(readFileSync(join(SOURCE, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  return dependencies['@medplum/fhir-router'] ?? ''
}

async function install(say: Say): Promise<string> {
  const manifest = readFileSync(join(SOURCE, 'package.json'))
  const folder = join(TOOLS, `peer-medplum-${createHash('sha256').update(manifest).digest('hex').slice(0, 12)}`)
  const done = join(folder, '.installed')
  mkdirSync(folder, { recursive: true })
  cpSync(SOURCE, folder, { recursive: true })
  if (existsSync(done)) return folder
  say('installing Medplum (npm, once)')
  await runProgram('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'], { cwd: folder })
  writeFileSync(done, '')
  return folder
}

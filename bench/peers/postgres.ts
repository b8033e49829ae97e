import { execFileSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { PeerMissing } from './peer.ts'
import { freePort, runProgram, startProgram, stopProgram } from './programs.ts'

/** A PostgreSQL of its own, durable (its defaults: fsync and synchronous_commit on), on loopback and nowhere else. */
export interface Postgres {
  readonly pid: number
  readonly version: string
  readonly jdbc: string
  readonly user: string
  stop(): Promise<void>
}

const DEBIAN = '/usr/lib/postgresql'
const USER = 'peer'

/** @throws PeerMissing when Debian's `postgresql` is not installed */
export async function startPostgres(): Promise<Postgres> {
  const bin = newestBin()
  const unprivileged = unprivilegedUser()
  // /tmp, whatever TMPDIR says: the unprivileged user must be able to walk there, and a socket's path is short.
  const folder = mkdtempSync('/tmp/chiron-postgres-')
  if (unprivileged !== undefined) chownSync(folder, unprivileged.uid ?? 0, unprivileged.gid ?? 0)
  const options: SpawnOptions = { cwd: folder, ...unprivileged }
  const clean = (): void => rmSync(folder, { recursive: true, force: true })
  let server: ChildProcess | undefined
  try {
    const data = join(folder, 'data')
    await runProgram(join(bin, 'initdb'), ['--pgdata', data, '--username', USER, '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C'], options)
    const port = await freePort()
    const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', `port=${port}`, '-c', `unix_socket_directories=${folder}`, '-c', 'shared_buffers=256MB']
    server = await startProgram(join(bin, 'postgres'), ['-D', data, ...settings], /ready to accept connections/, { ...options, timeoutMs: 30_000 })
    await runProgram(join(bin, 'createdb'), ['--host', '127.0.0.1', '--port', String(port), '--username', USER, USER], options)
    const running = server
    return {
      pid: running.pid ?? 0,
      version: execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).trim().replace(/^postgres \(PostgreSQL\) /, ''),
      jdbc: `jdbc:postgresql://127.0.0.1:${port}/${USER}`,
      user: USER,
      async stop() {
        await stopProgram(running, 'SIGINT')
        clean()
      },
    }
  } catch (error) {
    if (server !== undefined) await stopProgram(server, 'SIGINT')
    clean()
    throw error
  }
}

function newestBin(): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map(Number).filter(Number.isFinite).sort((a, b) => b - a) : []
  const [version] = versions
  if (version === undefined) throw new PeerMissing(`PostgreSQL is not installed: apt-get install postgresql`)
  return join(DEBIAN, String(version), 'bin')
}

/** PostgreSQL refuses to run as root: then it runs as the user that Debian's package makes. */
function unprivilegedUser(): Pick<SpawnOptions, 'uid' | 'gid'> | undefined {
  if (userInfo().uid !== 0) return undefined
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: idOf('-u'), gid: idOf('-g') }
}

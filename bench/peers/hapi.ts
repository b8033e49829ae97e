import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Peer, Say } from './peer.ts'
import { freePort, runProgram, startProgram, stopProgram } from './programs.ts'
import { startPostgres } from './postgres.ts'

const SOURCE = fileURLToPath(new URL('hapi', import.meta.url))
const TOOLS = fileURLToPath(new URL('../../.tools', import.meta.url))
const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1'
const HEAP = '3g'
/** Half a minute on a quiet machine of two cores. */
const START_MS = 480_000

/**
 * HAPI FHIR JPA over a PostgreSQL of its own. The first time Maven brings about 270 libraries (a minute).
 * @throws PeerMissing without a JDK 17, Maven or PostgreSQL
 */
export async function startHapi(say: Say): Promise<Peer> {
  const folder = await build(say)
  say('starting PostgreSQL')
  const postgres = await startPostgres()
  try {
    say('starting HAPI')
    const port = await freePort()
    const classpath = `${join(folder, 'target', 'classes')}:${readFileSync(join(folder, 'classpath.txt'), 'utf8').trim()}`
    const java = await startProgram('java', [`-Xmx${HEAP}`, '-cp', classpath, 'chiron.peer.Hapi', String(port), postgres.jdbc, postgres.user], /^READY$/m, { timeoutMs: START_MS })
    return {
      name: 'HAPI',
      description: `HAPI FHIR JPA ${hapiVersion()} with PostgreSQL ${postgres.version}, ${HEAP} heap; no login, no validation, no audit events`,
      base: `http://127.0.0.1:${port}/fhir`,
      pids: [java.pid ?? 0, postgres.pid],
      async stop() {
        await stopProgram(java)
        await postgres.stop()
      },
    }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

function hapiVersion(): string {
  return /<hapi>(.*)<\/hapi>/.exec(readFileSync(join(SOURCE, 'pom.xml'), 'utf8'))?.[1] ?? ''
}

/** Compiles into `.tools`, again only when a source changed. */
async function build(say: Say): Promise<string> {
  const sources = ['pom.xml', 'src/main/java/chiron/peer/Hapi.java'].map((path) => readFileSync(join(SOURCE, path)))
  const folder = join(TOOLS, `peer-hapi-${createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 12)}`)
  const done = join(folder, '.built')
  if (existsSync(done)) return folder
  say('building HAPI (Maven, once)')
  mkdirSync(folder, { recursive: true })
  cpSync(SOURCE, folder, { recursive: true })
  const goals = ['compile', `${DEPENDENCY_PLUGIN}:build-classpath`, `-Dmdep.outputFile=${join(folder, 'classpath.txt')}`, '-Dmdep.includeScope=runtime']
  await runProgram('mvn', ['--batch-mode', '--quiet', ...goals], { cwd: folder })
  writeFileSync(done, '')
  return folder
}

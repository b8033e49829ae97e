import { Agent } from 'node:http'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadDefinitions } from '@chiron/fhir'
import { parseTrust } from '@chiron/ledger/proofs'
import { claimIdentity, PatientClient, type PatientWallet } from '@chiron/sdk/patient'
import { SeededRandom } from '@chiron/testkit/simulation'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ensureDefinitions } from '../../../../tools/prepare-definitions.ts'
import { ControlClient } from '../../src/cli/control-client.ts'
import { LaunchedNode } from '../faults/launched-node.ts'
import { OddRequests } from '../gateway/odd-requests.ts'
import { observation, patient } from '../gateway/resources.ts'
import { readRecordFile, thisMachine, writeRecordFile } from '../long/record-file.ts'
import { ask, faultsOf, faultsOfStream, speak, type Where } from './driver.ts'
import { OddControl } from './odd-control.ts'
import { oddStream, STREAM_KINDS } from './odd-streams.ts'

/** `CHIRON_HTTP_REQUESTS`: how many requests a node gets; 100,000 unless set. */
const REQUESTS = Number(process.env['CHIRON_HTTP_REQUESTS'] ?? '100000')
const TOGETHER = 8
/** Attempts are spread over so many lists. */
const PATIENTS = 24
/** Of every thousand: on a connection of their own as no library sends them, and to the operator's socket. */
const STREAMS = 80
const CONTROLS = 40
/** Anonymous memory that a node may take more of after the first tenth of all requests. */
const MAX_GROWTH_MB = 200
const RECORD = 'http-fuzz.json'

interface HttpRecord {
  readonly runs: number
  readonly machine: string
  readonly node: string
  readonly requests: number
  /** Of the newest run. */
  readonly newest: {
    readonly requests: number
    readonly seconds: number
    readonly statuses: Readonly<Record<string, number>>
    readonly kinds: Readonly<Record<string, number>>
    readonly anonymousMb: { readonly afterTenth: number; readonly atEnd: number }
    readonly sockets: { readonly before: number; readonly after: number }
  }
}

let root: string
let data: string
let node: LaunchedNode
let url: string
let control: ControlClient

beforeAll(async () => {
  loadDefinitions(readFileSync(ensureDefinitions(), 'utf8'))
  root = mkdtempSync(join(tmpdir(), 'chiron-http-'))
  data = join(root, 'data')
  mkdirSync(data)
  // The sample was loaded, as far as the node knows: the requests need no more than a few patients.
  writeFileSync(join(data, 'node.json'), '{"format":"chiron/node/v1","ready":true}\n')
  node = new LaunchedNode(data, { env: { LOG_LEVEL: 'error', NODE_OPTIONS: '--max-old-space-size=512' } })
  url = await node.untilUp()
  control = new ControlClient({ socketPath: join(data, 'chiron.sock'), dataDirectory: data })
})
afterAll(async () => {
  await node.kill()
  rmSync(root, { recursive: true, force: true })
})

const anonymousMb = (): number => Math.round(Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${node.pid}/status`, 'utf8'))?.[1]) / 1024)

/** Sockets that the node has open, listening ones too. */
function sockets(): number {
  return readdirSync(`/proc/${node.pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${node.pid}/fd/${fd}`).startsWith('socket:')
    } catch {
      return false
    }
  }).length
}

async function tokenOf(organisation: string, user: string): Promise<string> {
  return `Bearer ${(await control.call('token', { for: 'user', organisation, user, purpose: 'TREAT' })).token}`
}

async function create(token: string, resource: object): Promise<string> {
  const { resourceType } = resource as { resourceType: string }
  const answer = await fetch(`${url}/riverside/fhir/${resourceType}`, { method: 'POST', headers: { authorization: token, 'content-type': 'application/fhir+json' }, body: JSON.stringify(resource) })
  if (answer.status !== 201) throw new TypeError(`${answer.status}: ${await answer.text()}`)
  return ((await answer.json()) as { id: string }).id
}

/** The token of a wallet that took over a patient's identity. */
async function walletToken(patientId: string): Promise<string> {
  const { code } = await control.call('offerClaim', { patient: patientId, forMs: 3_600_000 })
  const trust = parseTrust(JSON.parse(readFileSync(join(data, 'trust.json'), 'utf8')))
  const base = `${url}/riverside`
  let seen = ''
  const wallet: PatientWallet = await claimIdentity({ base, trust, code, wallet: undefined }, async () => undefined)
  const client = new PatientClient({ base, trust, wallet }, { fetch: async (address, init) => {
    seen = new Headers(init?.headers as Record<string, string>).get('authorization') ?? seen
    return await fetch(address, init as RequestInit)
  } })
  await client.audit()
  return seen
}

it(`answers ${REQUESTS} requests that were made up, and is as it was before`, async () => {
  const record = readRecordFile<Partial<HttpRecord>>(RECORD, {})
  const physician = await tokenOf('riverside', 'physician')
  const ids = await Promise.all(Array.from({ length: PATIENTS }, async () => await create(physician, patient())))
  for (const id of ids) await create(physician, observation(id, 'laboratory'))
  const claimed = await create(physician, patient())
  const own = `Bearer ${(await control.call('token', { for: 'patient', patient: ids[0] as string, purpose: 'PATRQT' })).token}`
  const good = [physician, await tokenOf('riverside', 'nurse'), await tokenOf('lakeside', 'physician'), own, await walletToken(claimed)]
  const random = new SeededRandom(`http ${(record.runs ?? 0) + 1}`)
  const requests = new OddRequests(random.split('requests'), { patients: ids, tokens: [...good, ...good, '', 'Bearer', `${physician}x`] })
  const operator = new OddControl(random.split('control'), ids)
  const streams = random.split('streams')
  const port: Where = { port: Number(new URL(url).port) }
  const socket: Where = { socketPath: join(data, 'chiron.sock') }
  const agents = [new Agent({ keepAlive: true, maxSockets: TOGETHER }), new Agent({ keepAlive: true, maxSockets: TOGETHER })] as const
  const faults: string[] = []
  const statuses = new Map<number, number>()
  const kinds = new Map<string, number>()
  const count = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1)
  const socketsBefore = sockets()
  let afterTenth = 0
  const began = performance.now()
  const once = async (): Promise<void> => {
    const drawn = random.below(1000)
    if (drawn < STREAMS) {
      const stream = oddStream(random.pick(STREAM_KINDS), streams, { tokens: [physician], patient: ids[0] as string })
      const answer = await speak(port, stream).catch((cause: unknown) => {
        throw new TypeError(`${String(cause)}: a stream: ${stream.kind}`)
      })
      count(kinds, stream.kind)
      for (const status of answer.statuses) count(statuses, status)
      faults.push(...faultsOfStream(stream, answer))
      return
    }
    const isControl = drawn < STREAMS + CONTROLS
    const asked = isControl ? operator.next() : requests.next()
    const answer = await ask(isControl ? socket : port, agents[isControl ? 1 : 0], asked).catch((cause: unknown) => {
      throw new TypeError(`${String(cause)}: ${asked.method} ${asked.path.slice(0, 300)}`)
    })
    count(kinds, isControl ? 'control' : asked.path.split('/')[2]?.split('?')[0] === 'chiron' ? 'chiron' : asked.path.startsWith('/log') ? 'log' : 'fhir')
    count(statuses, answer.status)
    // The operator is told what of the own words was wrong.
    faults.push(...faultsOf(asked, answer).filter((fault) => !isControl || !fault.startsWith('repeats')))
  }
  let left = REQUESTS
  await Promise.all(Array.from({ length: TOGETHER }, async () => {
    while (left-- > 0 && faults.length < 5) {
      if (left === Math.floor(REQUESTS * 0.9)) afterTenth = anonymousMb()
      await once().catch((error: unknown) => void faults.push(String(error)))
    }
  }))
  for (const agent of agents) agent.destroy()
  const seconds = Math.round((performance.now() - began) / 1000)
  // With what the node said of it, should it be gone.
  expect([faults, faults.length === 0 ? '' : { left, ...(await endOf(node)) }]).toEqual([[], ''])
  const fresh = await tokenOf('riverside', 'physician')
  expect(await create(fresh, observation(ids[0] as string, 'laboratory'))).toMatch(/./)
  await expect.poll(sockets, { timeout: 60_000, interval: 500 }).toBeLessThanOrEqual(socketsBefore)
  const [atEnd, socketsAfter] = [anonymousMb(), sockets()]
  expect((await control.call('status', {})).organisations.map(({ unlisted }) => unlisted)).toEqual([{ refusals: 0, displays: 0 }, { refusals: 0, displays: 0 }])
  const { code, stderr } = await node.stop()
  // At this level the log has answers of 5xx, failures in the background, and what nobody caught.
  expect([code, stderr.split('\n').filter((line) => line.startsWith('{'))]).toEqual([0, []])
  const newest = { requests: REQUESTS, seconds, statuses: sorted(statuses), kinds: sorted(kinds), anonymousMb: { afterTenth, atEnd }, sockets: { before: socketsBefore, after: socketsAfter } }
  writeRecordFile(RECORD, { runs: (record.runs ?? 0) + 1, ...thisMachine(), requests: (record.requests ?? 0) + REQUESTS, newest })
  expect(atEnd - afterTenth).toBeLessThan(MAX_GROWTH_MB)
})

/** How the node ended, or what it said if it goes on. */
async function endOf(launched: LaunchedNode): Promise<object> {
  const soon = new Promise<object>((resolve) => setTimeout(() => resolve({ stderr: launched.stderr.slice(-4000) }), 5000).unref())
  return await Promise.race([launched.ended.then(({ code, signal, stderr }) => ({ code, signal, stderr: stderr.slice(-4000) })), soon])
}

function sorted(counts: ReadonlyMap<string | number, number>): Record<string, number> {
  return Object.fromEntries([...counts].map(([key, count]): [string, number] => [String(key), count]).sort(([a], [b]) => (a < b ? -1 : 1)))
}

import type { GatewayResult, GatewayScenario, StageCost } from '../report/result.ts'
import { FhirHttp } from './fhir-http.ts'
import { getObservation } from './load-get.ts'
import { postObservation } from './load-post.ts'
import { searchObservations } from './load-search.ts'
import { postTransaction } from './load-transaction.ts'
import { measureWindow, resultOf, WrongAnswer, type LoadResult, type LoadWindow, type Scenario } from './measure.ts'
import { populate, type Population } from './population.ts'
import { familyMiB, mainThreadMsOf } from './process-cpu.ts'
import type { Source } from './samples.ts'
import { stagesOf } from './stages.ts'
import type { MeasuredNode } from './start-node.ts'
import { warmUp } from './warm-up.ts'

export const CHIRON = 'Chiron'

export interface ComparedServer {
  readonly name: string
  readonly base: string
  readonly token?: string
  /** Processes, the database's among them; descendants count with them. */
  readonly pids: readonly number[]
}

/** One that could not be started, and why. */
export interface MissingServer {
  readonly name: string
  readonly why: string
}

export interface CompareOptions {
  readonly sources: readonly Source[]
  readonly patients: number
  readonly observations: number
  readonly connections: number
  readonly transactionConnections: number
  readonly transactionEntries: number
  /** Windows that each server gets in each scenario, taken in turn: A B A B. */
  readonly windows: number
  readonly windowSeconds: number
  readonly warmUpSeconds: number
  /** Longest time to wait for a steady rate before anything is measured, for each server. */
  readonly steadySeconds: number
}

export type OnStep = (step: string, done: number, total: number) => void

interface Lane extends ComparedServer {
  readonly client: FhirHttp
  readonly population: Population
}

/** A lane that goes on, or why its server has no figures. */
type Prepared = { readonly name: string; readonly lane: Lane } | MissingServer

/**
 * Puts the same work on every server, in turn. A peer that fails has its reason in the place of figures; when Chiron
 * fails, or any server answers well by status and wrongly by content, this throws.
 * @throws WrongAnswer; Error when Chiron refuses samples
 */
export async function compareServers(node: MeasuredNode, peers: readonly ComparedServer[], missing: readonly MissingServer[], options: CompareOptions, onStep: OnStep): Promise<GatewayResult> {
  const servers: ComparedServer[] = [{ name: CHIRON, base: node.base, token: node.token, pids: [node.pid] }, ...peers]
  const prepared: Prepared[] = []
  try {
    for (const server of servers) prepared.push(await prepare(server, options, onStep))
    prepared.push(...missing)
    const scenarios: GatewayScenario[] = []
    for (const make of scenariosOf(options)) scenarios.push(await compare(node, prepared, make, options, onStep))
    const memoryMiB = Object.fromEntries(servers.map(({ name, pids }) => [name, familyMiB(pids)]))
    return { windows: options.windows, windowSeconds: options.windowSeconds, patients: Math.min(options.patients, options.sources.length), scenarios, memoryMiB }
  } finally {
    for (const one of prepared) if ('lane' in one) one.lane.client.close()
  }
}

interface Making {
  readonly connections: number
  make(population: Population): Scenario
}

/** Reads first: how much a server was made to write by then is the same for all. */
function scenariosOf({ sources, connections, transactionConnections, transactionEntries }: CompareOptions): Making[] {
  return [
    { connections, make: getObservation },
    { connections, make: searchObservations },
    { connections, make: postObservation },
    { connections: transactionConnections, make: () => postTransaction(sources, transactionEntries) },
  ]
}

async function prepare(server: ComparedServer, options: CompareOptions, onStep: OnStep): Promise<Prepared> {
  const { name, base, token } = server
  const client = new FhirHttp(base, token, 64)
  try {
    onStep(`${name}: writing patients`, 0, options.patients)
    const population = await populate(client, options.sources.slice(0, options.patients), options.observations)
    await warmUp(client, scenariosOf(options).map(({ make }) => make(population)), options.steadySeconds, (seconds) => onStep(`${name}: warming up`, seconds, options.steadySeconds))
    return { name, lane: { ...server, client, population } }
  } catch (error) {
    client.close()
    if (name === CHIRON || error instanceof WrongAnswer) throw error
    return { name, why: (error as Error).message }
  }
}

async function compare(node: MeasuredNode, prepared: readonly Prepared[], { connections, make }: Making, options: CompareOptions, onStep: OnStep): Promise<GatewayScenario> {
  const lanes = prepared.map((one) => ({ ...one, windows: [] as LoadWindow[], scenario: 'lane' in one ? make(one.lane.population) : undefined }))
  const name = lanes[0]?.scenario?.name ?? ''
  const reasons = new Map(prepared.flatMap((one) => ('why' in one ? [[one.name, one.why] as const] : [])))
  const own = { mainMs: 0, begin: 0 }
  const total = options.windows * lanes.length
  for (let turn = 0; turn < total; turn++) {
    const lane = lanes[turn % lanes.length] as (typeof lanes)[number]
    onStep(`${name}: ${lane.name}`, turn, total)
    if (!('lane' in lane) || lane.scenario === undefined || reasons.has(lane.name)) continue
    const onWindow = (edge: 'begin' | 'end'): void => {
      if (edge === 'begin') own.begin = mainThreadMsOf(node.pid)
      else own.mainMs += mainThreadMsOf(node.pid) - own.begin
    }
    const { client, pids } = lane.lane
    const window = await measureWindow(client, lane.scenario, { connections, pids, seconds: options.windowSeconds, warmUpSeconds: options.warmUpSeconds, ...(lane.name === CHIRON ? { onWindow } : {}) })
    const failure = reasonAgainst(window)
    if (failure === undefined) lane.windows.push(window)
    else if (lane.name === CHIRON) throw new Error(`${name}: ${failure}`)
    else reasons.set(lane.name, failure)
  }
  const servers = Object.fromEntries(lanes.map(({ name: server, windows }): [string, LoadResult | string] => [server, reasons.get(server) ?? resultOf(windows)]))
  const chiron = lanes.find((lane) => lane.name === CHIRON)
  const stages = chiron === undefined || !('lane' in chiron) || chiron.scenario === undefined ? [] : await stagesUnder(node, chiron.lane.client, chiron.scenario, chiron.windows, own.mainMs, { ...options, connections }, onStep)
  return { name, connections, servers: servers as GatewayScenario['servers'], stages }
}

/** A window in which one in a hundred requests fails, or nothing is answered, has no figures. */
function reasonAgainst({ times, failures, failed }: LoadWindow): string | undefined {
  if (times.length > 0 && failures * 100 <= times.length) return undefined
  const [status, body = ''] = Object.entries(failed)[0] ?? []
  return status === undefined ? 'no answer in a whole window' : `${failures} of ${times.length + failures} requests failed, first with ${status}: ${body.replaceAll(/\s+/g, ' ').slice(0, 160)}`
}

/** Shares from a window of its own with the profiler, which costs some; times from the windows without it. */
async function stagesUnder(node: MeasuredNode, client: FhirHttp, scenario: Scenario, windows: readonly LoadWindow[], mainMs: number, options: CompareOptions, onStep: OnStep): Promise<StageCost[]> {
  onStep(`${scenario.name}: stages`, 0, 1)
  const profiling: { end?: ReturnType<MeasuredNode['profile']> } = {}
  await measureWindow(client, scenario, {
    connections: options.connections, pids: [node.pid], seconds: options.windowSeconds, warmUpSeconds: options.warmUpSeconds,
    onWindow: (edge) => {
      if (edge === 'begin') profiling.end = node.profile()
    },
  })
  const profile = await profiling.end?.()
  if (profile === undefined) return []
  const requests = windows.reduce((sum, { times }) => sum + times.length, 0)
  const serverMs = windows.reduce((sum, { serverCpuMs }) => sum + serverCpuMs, 0)
  const main = stagesOf(profile, mainMs, requests).map(({ stage, mainMsPerRequest }) => ({ stage, cpuMs: mainMsPerRequest }))
  return [...main, { stage: 'other threads', cpuMs: Number(Math.max(0, (serverMs - mainMs) / requests).toFixed(3)) }]
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, FhirHttp } from './fhir-http.ts'
import { cpuMsOf } from './process-cpu.ts'

/** One kind of request, made anew each time. */
export interface Scenario {
  readonly name: string
  next(): { readonly method: string; readonly path: string; readonly body?: string }
  isOk(answer: Answer): boolean
}

export interface LoadOptions {
  /** Requests under way at a time. */
  readonly connections: number
  readonly warmUpSeconds: number
  readonly seconds: number
  /** Processes of the server and of its database, whose CPU is counted with all their descendants. */
  readonly pids: readonly number[]
  /** Called when the measured window begins and ends. */
  readonly onWindow?: (edge: 'begin' | 'end') => void | Promise<void>
}

export interface LoadResult {
  readonly name: string
  readonly connections: number
  readonly seconds: number
  readonly requests: number
  readonly failures: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** User and system CPU of the server's processes, per request answered well. */
  readonly cpuMsPerRequest: number
  readonly coresUsed: number
  /** CPU of this process; near 1 it is the driver that is measured. */
  readonly driverCores: number
  /** Start of the first answer of each status that was no success. */
  readonly failed: Readonly<Record<string, string>>
}

/** Keeps `connections` requests under way, each followed by the next, and measures a window after the warm-up. */
export async function measure(client: FhirHttp, scenario: Scenario, options: LoadOptions): Promise<LoadResult> {
  const { connections, pids } = options
  const times: number[] = []
  const failed: Record<string, string> = {}
  let failures = 0
  const state: { phase: 'warm-up' | 'window' | 'over' } = { phase: 'warm-up' }
  const run = async (): Promise<void> => {
    while (state.phase !== 'over') {
      const { method, path, body } = scenario.next()
      const answer = await client.send(method, path, body)
      const ok = scenario.isOk(answer)
      if (!ok) failed[answer.status] ??= answer.body.slice(0, 400)
      if (state.phase !== 'window') continue
      if (ok) times.push(answer.ms)
      else failures++
    }
  }
  const running = Array.from({ length: connections }, run)
  await sleep(options.warmUpSeconds * 1000)
  await options.onWindow?.('begin')
  const before = { at: performance.now(), server: cpuMsOf(pids), driver: process.cpuUsage() }
  state.phase = 'window'
  await sleep(options.seconds * 1000)
  state.phase = 'over'
  const seconds = (performance.now() - before.at) / 1000
  const server = cpuMsOf(pids) - before.server
  const driver = process.cpuUsage(before.driver)
  await options.onWindow?.('end')
  await Promise.all(running)
  times.sort((a, b) => a - b)
  const quantile = (q: number): number => round(times[Math.min(times.length - 1, Math.floor(q * times.length))] ?? Number.NaN, 2)
  return {
    name: scenario.name,
    connections,
    seconds: round(seconds, 2),
    requests: times.length,
    failures,
    perSecond: round(times.length / seconds, 1),
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    p99Ms: quantile(0.99),
    maxMs: quantile(1),
    cpuMsPerRequest: round(server / times.length, 3),
    coresUsed: round(server / 1000 / seconds, 2),
    driverCores: round((driver.user + driver.system) / 1e6 / seconds, 2),
    failed,
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

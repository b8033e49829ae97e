import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, FhirHttp } from './fhir-http.ts'
import { cpuMsOf } from './process-cpu.ts'

export interface FhirRequest {
  readonly method: string
  readonly path: string
  readonly body?: string
}

/** One kind of request, made anew each time. */
export interface Scenario {
  readonly name: string
  next(): FhirRequest
  /** Cheap, for every answer. */
  isOk(answer: Answer): boolean
  /**
   * Looks into an answer for what was asked, for some answers and after the window; may ask the server again. A sentence
   * about what is wrong, or undefined.
   */
  check(request: FhirRequest, answer: Answer, client: FhirHttp): Promise<string | undefined>
}

export interface WindowOptions {
  /** Requests under way at a time. */
  readonly connections: number
  readonly warmUpSeconds: number
  readonly seconds: number
  /** Processes of the server and of its database, whose CPU is counted with all their descendants. */
  readonly pids: readonly number[]
  /** Called when the measured window begins and ends. */
  readonly onWindow?: (edge: 'begin' | 'end') => void | Promise<void>
}

/** What was counted in one window. */
export interface LoadWindow {
  readonly seconds: number
  /** Milliseconds of each request answered well. */
  readonly times: readonly number[]
  readonly failures: number
  /** Answers whose bodies were looked into. */
  readonly checked: number
  readonly serverCpuMs: number
  readonly driverCpuMs: number
  /** Start of the first answer of each status that was no success. */
  readonly failed: Readonly<Record<string, string>>
}

export interface LoadResult {
  readonly requests: number
  readonly failures: number
  readonly checked: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** User and system CPU of the server's processes, per request answered well: the median of the windows. */
  readonly cpuMsPerRequest: number
  readonly cpuMsOfWindows: readonly number[]
  readonly coresUsed: number
  /** CPU of this process; near 1 it is the driver that is measured. */
  readonly driverCores: number
  /** Latencies of 1 %, 2 % … 100 % of the requests. */
  readonly percentiles: readonly number[]
}

/** A server answered well by its status and wrongly by its body. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer'
}

/** Answers of a window that are kept to be looked into. */
const CHECKED = 12
/** Answers that a window waits for, and how long at most. */
const FEWEST = 4
const LONGEST_MS = 60_000
/** Every so many answers one takes the place of a kept one. */
const EVERY = 25

/**
 * Keeps `connections` requests under way, each followed by the next, and measures a window after the warm-up.
 * @throws WrongAnswer when an answer that is looked into does not hold what was asked for
 */
export async function measureWindow(client: FhirHttp, scenario: Scenario, options: WindowOptions): Promise<LoadWindow> {
  const { connections, pids } = options
  const times: number[] = []
  const failed: Record<string, string> = {}
  const kept: [FhirRequest, Answer][] = []
  let failures = 0
  let answered = 0
  const state: { phase: 'warm-up' | 'window' | 'over' } = { phase: 'warm-up' }
  const run = async (): Promise<void> => {
    while (state.phase !== 'over') {
      const request = scenario.next()
      const answer = await client.send(request.method, request.path, request.body)
      const ok = scenario.isOk(answer)
      if (!ok) failed[answer.status] ??= answer.body.slice(0, 400)
      else if (answered++ % EVERY === 0) kept[(answered / EVERY | 0) % CHECKED] = [request, answer]
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
  // Slow answers, or a machine with much else to do.
  while (times.length + failures < FEWEST && performance.now() - before.at < LONGEST_MS) await sleep(50)
  state.phase = 'over'
  const seconds = (performance.now() - before.at) / 1000
  const serverCpuMs = cpuMsOf(pids) - before.server
  const driver = process.cpuUsage(before.driver)
  await options.onWindow?.('end')
  await Promise.all(running)
  const looked = Object.values(kept)
  for (const [request, answer] of looked) {
    const wrong = await scenario.check(request, answer, client)
    if (wrong !== undefined) throw new WrongAnswer(`${scenario.name}: ${wrong}`)
  }
  return { seconds, times, failures, checked: looked.length, serverCpuMs, driverCpuMs: (driver.user + driver.system) / 1000, failed }
}

/** All windows of one scenario on one server together. There must have been an answer in each. */
export function resultOf(windows: readonly LoadWindow[]): LoadResult {
  const times = windows.flatMap((window) => window.times).sort((a, b) => a - b)
  const sum = (of: (window: LoadWindow) => number): number => windows.reduce((total, window) => total + of(window), 0)
  const seconds = sum((window) => window.seconds)
  const quantile = (q: number): number => round(times[Math.min(times.length - 1, Math.floor(q * times.length))] ?? Number.NaN, 2)
  const cpuMsOfWindows = windows.map(({ serverCpuMs, times: answered }) => round(serverCpuMs / answered.length, 3))
  return {
    requests: times.length,
    failures: sum(({ failures }) => failures),
    checked: sum(({ checked }) => checked),
    perSecond: round(times.length / seconds, 1),
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    p99Ms: quantile(0.99),
    maxMs: quantile(1),
    cpuMsPerRequest: median(cpuMsOfWindows),
    cpuMsOfWindows,
    coresUsed: round(sum(({ serverCpuMs }) => serverCpuMs) / 1000 / seconds, 2),
    driverCores: round(sum(({ driverCpuMs }) => driverCpuMs) / 1000 / seconds, 2),
    percentiles: Array.from({ length: 100 }, (_, i) => quantile((i + 1) / 100)),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

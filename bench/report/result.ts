import * as v from 'valibot'

/** What can be measured, in the order of a run. */
export const PARTS = ['ledger', 'decide', 'chart', 'gateway'] as const
export type Part = (typeof PARTS)[number]

/** How much work a run is; `tiny` is the tests'. */
export const SIZES = ['whole', 'quick', 'tiny'] as const
export type Size = (typeof SIZES)[number]

const number = v.pipe(v.number(), v.finite())
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const numbers = v.array(number)

const throughput = v.strictObject({ transactions: count, entries: count, seconds: number, cpuMs: number, transactionsPerSecond: number, entriesPerSecond: number })

const noise = v.strictObject({ loops: count, fastestMs: number, medianMs: number, slowestTenthMs: number, spread: number })

const ledger = v.strictObject({
  options: v.record(v.string(), number),
  ed25519PerSecond: number,
  single: throughput,
  singleAlone: throughput,
  latency: v.strictObject({ clients: count, transactions: count, p50: number, p90: number, p99: number, max: number, percentiles: numbers }),
  growth: v.strictObject({ early: throughput, late: throughput, whole: throughput, points: v.array(v.strictObject({ entries: count, entriesPerSecond: number, cpuUsPerEntry: number, rssAnonMb: number })) }),
  sizes: v.strictObject({ entries: count, stateBytes: count, blockLogBytes: count, stateBytesPerEntry: number, blockLogBytesPerEntry: number }),
  restart: v.strictObject({ afterCloseMs: number, afterCloseOpenMs: number, afterKillMs: number, afterKillOpenMs: number }),
  rssAnonMb: number,
  targets: v.array(v.strictObject({ name: v.string(), value: number, limit: number, better: v.picklist(['higher', 'lower']), met: v.boolean() })),
})

const decide = v.strictObject({ rules: count, spreadUs: number, denseUs: number, perRecordUs: number, indexUs: number, compared: count })

/** One server under one scenario, over all its windows; `percentiles` are the latencies of 1 % to 100 %. */
const load = v.strictObject({
  requests: count,
  failures: count,
  checked: count,
  perSecond: number,
  p50Ms: number,
  p95Ms: number,
  p99Ms: number,
  maxMs: number,
  /** Median of the windows, which stand beside it. */
  cpuMsPerRequest: number,
  cpuMsOfWindows: numbers,
  coresUsed: number,
  driverCores: number,
  percentiles: numbers,
})

const gateway = v.strictObject({
  windows: count,
  windowSeconds: number,
  patients: count,
  scenarios: v.array(v.strictObject({
    name: v.string(),
    connections: count,
    /** By server; a string says why there is no figure. */
    servers: v.record(v.string(), v.union([load, v.string()])),
    /** Of Chiron: CPU-ms of a request by stage of the main thread, and of all other threads. */
    stages: v.array(v.strictObject({ stage: v.string(), cpuMs: number })),
  })),
  /** Anonymous memory (MiB) of each server's processes after the load. */
  memoryMiB: v.record(v.string(), number),
})

const chart = v.strictObject({ records: count, keyholders: count, threshold: count, firstMs: number, medianMs: number, charts: v.array(v.strictObject({ ms: number, cpuMs: number })), stages: v.array(v.strictObject({ stage: v.string(), cpuMs: number })) })

/** One number that a later run is compared with. */
const figure = v.strictObject({
  /** Stable: `part.what`. */
  id: v.string(),
  name: v.string(),
  value: number,
  unit: v.string(),
  better: v.picklist(['higher', 'lower']),
  target: v.nullable(v.strictObject({ text: v.string(), limit: number })),
  /** Whether the target is met; null when there is none. */
  met: v.nullable(v.boolean()),
})

/** What a run leaves behind: `bench/results/*.json`. */
export const benchResult = v.strictObject({
  format: v.literal(1),
  startedAt: v.pipe(v.string(), v.isoTimestamp()),
  seconds: number,
  size: v.picklist(SIZES),
  parts: v.array(v.picklist(PARTS)),
  /** What was measured: the commit, with `+` when files differed from it; null outside of a git clone. */
  commit: v.nullable(v.string()),
  machine: v.strictObject({
    cpu: v.string(), cores: count, memoryGiB: number, kernel: v.string(),
    disk: v.strictObject({ fileSystem: v.string(), flushMedianMs: number }),
    node: v.string(), loadBefore: numbers,
  }),
  noise: v.strictObject({ before: noise, after: noise }),
  /** What was measured beside each other: `description` says what it is, `missing` why it is not there. */
  servers: v.array(v.strictObject({ name: v.string(), description: v.optional(v.string()), missing: v.optional(v.string()) })),
  figures: v.array(figure),
  ledger: v.nullable(ledger),
  decide: v.nullable(decide),
  gateway: v.nullable(gateway),
  chart: v.nullable(chart),
})

export type BenchResult = v.InferOutput<typeof benchResult>
export type Figure = v.InferOutput<typeof figure>
export type GatewayResult = v.InferOutput<typeof gateway>
export type GatewayScenario = GatewayResult['scenarios'][number]
export type ServerLoad = v.InferOutput<typeof load>
export type ChartResult = v.InferOutput<typeof chart>
export type StageCost = GatewayScenario['stages'][number]

/** A run's JSON; undefined when it is another's, or of an older format. */
export function readBenchResult(text: string): BenchResult | undefined {
  const parsed = v.safeParse(benchResult, JSON.parse(text))
  return parsed.success ? parsed.output : undefined
}

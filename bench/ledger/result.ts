/** How a run is cut. Everything has a default, which is the run whose figures are published. */
export interface LedgerOptions {
  /** Where data directories are made and removed; the machine's temporary directory unless given. */
  readonly directory: string
  /** Patients over whom entries are spread. */
  readonly patients: number
  /** Single-record transactions that are timed, after a tenth as many that are not. */
  readonly singles: number
  /** Single-record transactions whose shares a keyholder takes at the same time, and signs one receipt for. */
  readonly receiptGroup: number
  /** Transactions that clients keep in flight in the throughput scenarios. */
  readonly inFlight: number
  /** Transactions that are timed with 16 clients, each of which waits for its answer. */
  readonly latencies: number
  /** Entries that a transaction of a batch has. */
  readonly batchSize: number
  /** Entries that the ledger grows to. */
  readonly grownTo: number
  /** Entries of a window in which throughput is timed, at the start and at the end of the growth. */
  readonly window: number
}

export const LEDGER_DEFAULTS: Omit<LedgerOptions, 'directory'> = {
  patients: 4_000,
  singles: 20_000,
  receiptGroup: 16,
  inFlight: 256,
  latencies: 4_000,
  batchSize: 100,
  grownTo: 1_000_000,
  window: 50_000,
}

/** Called as the run goes on: `done` of `total` in a step. */
export type OnProgress = (step: string, done: number, total: number) => void

/** Throughput of a scenario. `cpuMs` is all threads' time of the process that runs the ledger. */
export interface Throughput {
  readonly transactions: number
  readonly entries: number
  readonly seconds: number
  readonly cpuMs: number
  readonly transactionsPerSecond: number
  readonly entriesPerSecond: number
}

/** Milliseconds from submission to the durable answer. */
export interface Latency {
  readonly clients: number
  readonly transactions: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
  /** Of 1 %, 2 % … 100 % of the transactions. */
  readonly percentiles: readonly number[]
}

/** A window of the growth, which ends with so many entries on the ledger. */
export interface GrowthPoint {
  readonly entries: number
  readonly entriesPerSecond: number
  readonly cpuUsPerEntry: number
  readonly rssAnonMb: number
}

/** Size of the data directory, in bytes on disk. */
export interface Sizes {
  readonly entries: number
  readonly stateBytes: number
  readonly blockLogBytes: number
  readonly stateBytesPerEntry: number
  readonly blockLogBytesPerEntry: number
}

/** A new process on the same data: from its start until the ledger answers. */
export interface Restart {
  readonly afterCloseMs: number
  readonly afterKillMs: number
  /** Of those, opening state and ledger: without starting Node and loading the program. */
  readonly afterCloseOpenMs: number
  readonly afterKillOpenMs: number
}

export interface Target {
  readonly name: string
  readonly value: number
  readonly limit: number
  readonly better: 'higher' | 'lower'
  readonly met: boolean
}

export interface LedgerResult {
  readonly options: Omit<LedgerOptions, 'directory'>
  /** Ed25519 checks a second on one core with `node:crypto` alone, the median of slices between the scenarios. */
  readonly ed25519PerSecond: number
  readonly single: Throughput
  /** As {@link single}, with a receipt for each transaction alone. */
  readonly singleAlone: Throughput
  readonly latency: Latency
  readonly growth: {
    /** The window that begins at 10,000 entries, and the one that ends with the last. */
    readonly early: Throughput
    readonly late: Throughput
    readonly whole: Throughput
    readonly points: readonly GrowthPoint[]
  }
  readonly sizes: Sizes
  readonly restart: Restart
  /** Anonymous resident memory of the ledger's process, the most that was seen. */
  readonly rssAnonMb: number
  readonly targets: readonly Target[]
}

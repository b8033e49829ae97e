import { readRecordFile, thisMachine, writeRecordFile } from '../long/record-file.ts'
import type { ChildRun } from './child.ts'

/** What has been run of the simulation so far, over all long runs. */
export interface SimulationRecord {
  /** Every seed below was run, with the program as it was then. */
  nextSeed: number
  readonly runs: {
    readonly started: string
    readonly machine: string
    readonly node: string
    readonly seeds: readonly [first: number, last: number]
    readonly cpuSeconds: number
    readonly simulatedHours: number
    readonly steps: number
    /** By processor time of the one core that it uses. */
    readonly stepsPerCpuSecond: number
    readonly simulatedHoursPerCpuSecond: number
    readonly seedsPerCpuMinute: number
    readonly blocks: number
    readonly releases: number
    readonly acknowledgedWrites: number
    readonly crashes: number
    /** Milliseconds by which releases followed the commit of what ended their cover. */
    readonly revocationLagMs: { readonly releases: number; readonly late: number; readonly p50: number; readonly p99: number; readonly max: number }
    readonly failures: readonly string[]
  }[]
  bugs: readonly { readonly bug: string; readonly what: string; readonly seeds: number; readonly found: string }[]
}

const NAME = 'simulation.json'

export const readRecord = (): SimulationRecord => readRecordFile(NAME, { nextSeed: 1, runs: [], bugs: [] })
export const writeRecord = (record: SimulationRecord): void => writeRecordFile(NAME, record)

/** The line of the record for one run of seeds. */
export function summarise({ reports, cpuSeconds }: ChildRun, started: Date, failures: readonly string[]): SimulationRecord['runs'][number] {
  const sum = (of: (report: (typeof reports)[number]) => number): number => reports.reduce((total, report) => total + of(report), 0)
  const lags = reports.flatMap((report) => report.lags).sort((a, b) => a - b)
  const at = (share: number): number => lags[Math.min(lags.length - 1, Math.floor(share * lags.length))] ?? 0
  const steps = sum((report) => report.steps)
  const hours = sum((report) => report.simulatedMs) / 3_600_000
  return {
    started: started.toISOString(),
    ...thisMachine(),
    seeds: [reports[0]?.seed ?? 0, reports.at(-1)?.seed ?? 0],
    cpuSeconds: Math.round(cpuSeconds),
    simulatedHours: rounded(hours),
    steps,
    stepsPerCpuSecond: Math.round(steps / cpuSeconds),
    simulatedHoursPerCpuSecond: rounded(hours / cpuSeconds),
    seedsPerCpuMinute: rounded((reports.length * 60) / cpuSeconds),
    blocks: sum((report) => report.blocks),
    releases: sum((report) => report.releases),
    acknowledgedWrites: sum((report) => report.acknowledged),
    crashes: sum((report) => report.crashes),
    revocationLagMs: { releases: sum((report) => report.releases), late: lags.length, p50: at(0.5), p99: at(0.99), max: lags.at(-1) ?? 0 },
    failures,
  }
}

function rounded(n: number): number {
  return Math.round(n * 1000) / 1000
}

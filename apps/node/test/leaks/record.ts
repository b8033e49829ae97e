import { readRecordFile, thisMachine, writeRecordFile } from '../long/record-file.ts'
import type { ChildRun } from './child.ts'

/** How a planted leak was found: after how many seeds of its reader, at which, and by how many requests in it. */
export interface PlantedResult {
  readonly leak: string
  readonly what: string
  readonly reader: string
  readonly seeds: number
  readonly seed: number | null
  readonly requests: number
  readonly found: string
}

/** What the long runs found, added up over all of them. */
export interface LeaksRecord {
  nextSeed: number
  readonly runs: {
    readonly started: string
    readonly machine: string
    readonly node: string
    readonly seeds: number
    readonly requests: number
    readonly hiddenRecords: number
    readonly cpuSeconds: number
    readonly findings: readonly string[]
    /** What the findings were, once it is known. */
    readonly note?: string
  }[]
  /** Share of pairs in which a refusal about a patient who exists took longer. */
  timing?: { readonly pairs: number; readonly longer: number }
  planted: readonly PlantedResult[]
}

const NAME = 'leaks.json'

export const readRecord = (): LeaksRecord => readRecordFile(NAME, { nextSeed: 1, runs: [], planted: [] })
export const writeRecord = (record: LeaksRecord): void => writeRecordFile(NAME, record)

export function summarise({ reports, cpuSeconds }: ChildRun, started: Date, findings: readonly string[]): LeaksRecord['runs'][number] {
  return {
    started: started.toISOString(),
    ...thisMachine(),
    seeds: reports.length,
    requests: reports.reduce((sum, { requests }) => sum + requests, 0),
    hiddenRecords: reports.reduce((sum, { hidden }) => sum + hidden, 0),
    cpuSeconds: Math.round(cpuSeconds),
    findings,
  }
}

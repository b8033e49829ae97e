import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ChildRun } from './child.ts'

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
  }[]
  /** Share of pairs in which a refusal about a patient who exists took longer. */
  timing?: { readonly pairs: number; readonly longer: number }
  planted: readonly { readonly leak: string; readonly what: string; readonly seeds: number; readonly found: string }[]
}

const PATH = fileURLToPath(new URL('../../../../bench/results/leaks.json', import.meta.url))

export function readRecord(path = PATH): LeaksRecord {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as LeaksRecord) : { nextSeed: 1, runs: [], planted: [] }
}

export function writeRecord(record: LeaksRecord, path = PATH): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(record, undefined, 1)}\n`)
}

export function summarise({ reports, cpuSeconds }: ChildRun, started: Date, findings: readonly string[]): LeaksRecord['runs'][number] {
  const processors = cpus()
  return {
    started: started.toISOString(),
    machine: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`,
    node: process.version,
    seeds: reports.length,
    requests: reports.reduce((sum, { requests }) => sum + requests, 0),
    hiddenRecords: reports.reduce((sum, { hidden }) => sum + hidden, 0),
    cpuSeconds: Math.round(cpuSeconds),
    findings,
  }
}

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { FuzzReport } from '@chiron/testkit/fuzz'

/** What has been fuzzed so far, over all long runs. */
export interface FuzzRecord {
  readonly runs: number
  readonly machine: string
  readonly node: string
  readonly executions: number
  readonly targets: Readonly<Record<string, {
    readonly executions: number
    readonly processorSeconds: number
    /** Over all runs, for each second of the processor. */
    readonly executionsPerSecond: number
    /** Of the newest run: counters in the target's modules that it reached. */
    readonly covered: number
    readonly counters: number
    readonly findings: number
  }>>
}

const PATH = fileURLToPath(new URL('../../../../bench/results/fuzz.json', import.meta.url))

export function readRecord(path = PATH): FuzzRecord {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as FuzzRecord) : { runs: 0, machine: '', node: '', executions: 0, targets: {} }
}

export function addRun(record: FuzzRecord, reports: readonly FuzzReport[]): FuzzRecord {
  const targets = { ...record.targets }
  for (const { target, executions, processorMilliseconds, covered, counters, findings } of reports) {
    const before = targets[target]
    const sum = executions + (before?.executions ?? 0)
    const processorSeconds = Math.round(processorMilliseconds / 100) / 10 + (before?.processorSeconds ?? 0)
    targets[target] = { executions: sum, processorSeconds, executionsPerSecond: Math.round(sum / Math.max(0.1, processorSeconds)), covered, counters, findings: findings.length + (before?.findings ?? 0) }
  }
  const [processor] = cpus()
  const executions = Object.values(targets).reduce((sum, each) => sum + each.executions, 0)
  return { runs: record.runs + 1, machine: `${cpus().length} × ${processor?.model ?? 'unknown'}`, node: process.version, executions, targets }
}

export function writeRecord(record: FuzzRecord, path = PATH): void {
  writeFileSync(`${path}.tmp`, `${JSON.stringify(record, undefined, 1)}\n`)
  renameSync(`${path}.tmp`, path)
}

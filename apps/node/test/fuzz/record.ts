import type { FuzzReport } from '@chiron/testkit/fuzz'
import { readRecordFile, thisMachine, writeRecordFile } from '../long/record-file.ts'

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

const NAME = 'fuzz.json'

export const readRecord = (): FuzzRecord => readRecordFile(NAME, { runs: 0, machine: '', node: '', executions: 0, targets: {} })
export const writeRecord = (record: FuzzRecord): void => writeRecordFile(NAME, record)

export function addRun(record: FuzzRecord, reports: readonly FuzzReport[]): FuzzRecord {
  const targets = { ...record.targets }
  for (const { target, executions, processorMilliseconds, covered, counters, findings } of reports) {
    const before = targets[target]
    const sum = executions + (before?.executions ?? 0)
    const processorSeconds = Math.round(processorMilliseconds / 100) / 10 + (before?.processorSeconds ?? 0)
    targets[target] = { executions: sum, processorSeconds, executionsPerSecond: Math.round(sum / Math.max(0.1, processorSeconds)), covered, counters, findings: findings.length + (before?.findings ?? 0) }
  }
  const executions = Object.values(targets).reduce((sum, each) => sum + each.executions, 0)
  return { runs: record.runs + 1, ...thisMachine(), executions, targets }
}

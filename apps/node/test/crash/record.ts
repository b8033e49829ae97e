import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One long run, in batches: what a run that was broken off, or had no more time, has done is not done again. */
export interface Series<Batch> {
  readonly started: string
  readonly machine: string
  readonly node: string
  readonly target: number
  readonly batches: Batch[]
}

const RESULTS = fileURLToPath(new URL('../../../../bench/results', import.meta.url))

/** The record of long runs, newest last, kept in a file such as `bench/results/kill-9.json`. */
export class LongRecord<Batch> {
  readonly #path: string
  readonly #sizeOf: (batch: Batch) => number
  readonly #all: Series<Batch>[]

  /** @param sizeOf how much of the target a batch is */
  constructor(name: string, sizeOf: (batch: Batch) => number, folder = RESULTS) {
    this.#path = join(folder, name)
    this.#sizeOf = sizeOf
    this.#all = existsSync(this.#path) ? (JSON.parse(readFileSync(this.#path, 'utf8')) as Series<Batch>[]) : []
  }

  /** The run to go on with: the newest if it is not finished, else a new one. */
  open(target: number): Series<Batch> {
    const newest = this.#all.at(-1)
    if (newest !== undefined && newest.target === target && this.done(newest) < target) return newest
    const processors = cpus()
    const series = { started: new Date().toISOString(), machine: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`, node: process.version, target, batches: [] }
    this.#all.push(series)
    return series
  }

  done({ batches }: Series<Batch>): number {
    return batches.reduce((sum, batch) => sum + this.#sizeOf(batch), 0)
  }

  add(series: Series<Batch>, batch: Batch): void {
    series.batches.push(batch)
    mkdirSync(dirname(this.#path), { recursive: true })
    writeFileSync(`${this.#path}.tmp`, `${JSON.stringify(this.#all, undefined, 1)}\n`)
    renameSync(`${this.#path}.tmp`, this.#path)
  }
}

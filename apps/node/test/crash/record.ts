import { readRecordFile, RESULTS, thisMachine, writeRecordFile } from '../long/record-file.ts'

/** One long run, in batches: what a run that was broken off, or had no more time, has done is not done again. */
export interface Series<Batch> {
  readonly started: string
  readonly machine: string
  readonly node: string
  readonly target: number
  readonly batches: Batch[]
}

/** The record of long runs, newest last, kept in a file such as `bench/results/kill-9.json`. */
export class LongRecord<Batch> {
  readonly #name: string
  readonly #folder: string
  readonly #sizeOf: (batch: Batch) => number
  readonly #all: Series<Batch>[]

  /** @param sizeOf how much of the target a batch is */
  constructor(name: string, sizeOf: (batch: Batch) => number, folder = RESULTS) {
    this.#name = name
    this.#folder = folder
    this.#sizeOf = sizeOf
    this.#all = readRecordFile<Series<Batch>[]>(name, [], folder)
  }

  /** The run to go on with: the newest if it is not finished, else a new one. */
  open(target: number): Series<Batch> {
    const newest = this.#all.at(-1)
    if (newest !== undefined && newest.target === target && this.done(newest) < target) return newest
    const series = { started: new Date().toISOString(), ...thisMachine(), target, batches: [] }
    this.#all.push(series)
    return series
  }

  done({ batches }: Series<Batch>): number {
    return batches.reduce((sum, batch) => sum + this.#sizeOf(batch), 0)
  }

  add(series: Series<Batch>, batch: Batch): void {
    series.batches.push(batch)
    writeRecordFile(this.#name, this.#all, this.#folder)
  }
}

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RoundsReport } from './rounds.ts'

/** One long run, in batches: what a run that was broken off has done is not done again. */
export interface Series {
  readonly started: string
  readonly machine: string
  readonly node: string
  readonly target: number
  readonly batches: RoundsReport[]
}

const PATH = fileURLToPath(new URL('../../../../bench/results/kill-9.json', import.meta.url))

/** The record of long runs, newest last, kept in `bench/results/kill-9.json`. */
export class LongRecord {
  readonly #path: string
  readonly #all: Series[]

  constructor(path = PATH) {
    this.#path = path
    this.#all = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Series[]) : []
  }

  /** The run to go on with: the newest if it is not finished, else a new one. */
  open(target: number): Series {
    const newest = this.#all.at(-1)
    if (newest !== undefined && newest.target === target && killsOf(newest) < target) return newest
    const processors = cpus()
    const series = { started: new Date().toISOString(), machine: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`, node: process.version, target, batches: [] }
    this.#all.push(series)
    return series
  }

  add(series: Series, batch: RoundsReport): void {
    series.batches.push(batch)
    mkdirSync(dirname(this.#path), { recursive: true })
    writeFileSync(`${this.#path}.tmp`, `${JSON.stringify(this.#all, undefined, 1)}\n`)
    renameSync(`${this.#path}.tmp`, this.#path)
  }
}

export function killsOf({ batches }: Series): number {
  return batches.reduce((sum, { kills }) => sum + kills, 0)
}

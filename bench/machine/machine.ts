import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { join } from 'node:path'

/** What the figures were measured on. Names no host. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  /** Type of the file system that data directories were made on, and what it takes to make 4 KiB durable there. */
  readonly disk: { readonly fileSystem: string; readonly flushMedianMs: number }
  readonly node: string
  /** Load averages of 1, 5 and 15 minutes before anything was started. */
  readonly loadBefore: readonly number[]
}

const FLUSHES = 60

/** @param directory where data directories are going to be made */
export function describeMachine(directory: string): Machine {
  return {
    cpu: (cpus()[0]?.model ?? 'unknown').trim(),
    cores: cpus().length,
    memoryGiB: Number((totalmem() / 1024 ** 3).toFixed(1)),
    kernel: `${type()} ${release()}`,
    disk: { fileSystem: fileSystemOf(directory), flushMedianMs: flushMedianMs(directory) },
    node: process.version,
    loadBefore: loadavg().map((load) => Number(load.toFixed(2))),
  }
}

/** The processor and its cores, as it goes into a file's name: `amd-epyc-2-cores`. */
export function slugOf({ cpu, cores }: Machine): string {
  const name = cpu.toLowerCase().replaceAll(/\((r|tm)\)|cpu|processor|@.*$/g, ' ').replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '')
  return `${name}-${cores}-cores`
}

/** Of the longest mount point above the directory (Linux). */
function fileSystemOf(directory: string): string {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8').split('\n').map((line) => line.split(' '))
    const above = mounts.filter(([, point = '']) => point === '/' || directory === point || directory.startsWith(`${point}/`))
    return above.sort(([, a = ''], [, b = '']) => b.length - a.length)[0]?.[2] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}

function flushMedianMs(directory: string): number {
  const folder = mkdtempSync(join(directory, 'chiron-flush-'))
  const file = openSync(join(folder, 'flushed'), 'w')
  try {
    const page = new Uint8Array(4_096).fill(1)
    const times = Array.from({ length: FLUSHES }, () => {
      const started = performance.now()
      writeSync(file, page)
      fdatasyncSync(file)
      return performance.now() - started
    })
    return Number((times.sort((a, b) => a - b)[FLUSHES >> 1] as number).toFixed(3))
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true, force: true })
  }
}

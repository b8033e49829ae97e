import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const RESULTS = fileURLToPath(new URL('../../../../bench/results', import.meta.url))

/** A record of long runs, such as `bench/results/kill-9.json`; `empty` where there is none yet. */
export function readRecordFile<T>(name: string, empty: T, folder = RESULTS): T {
  const path = join(folder, name)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : empty
}

/** Whoever reads meanwhile sees the old record or the new one, whole. */
export function writeRecordFile(name: string, record: unknown, folder = RESULTS): void {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.tmp`, `${JSON.stringify(record, undefined, 1)}\n`)
  renameSync(`${path}.tmp`, path)
}

/** Processors of this machine and version of Node.js, for the record. */
export function thisMachine(): { readonly machine: string; readonly node: string } {
  const processors = cpus()
  return { machine: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`, node: process.version }
}

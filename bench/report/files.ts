import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { slugOf } from '../machine/machine.ts'
import { formatReport, type Earlier } from './markdown.ts'
import { plotsOf } from './plots.ts'
import { isComparable } from './regressions.ts'
import { PARTS, readBenchResult, type BenchResult } from './result.ts'

const NAME = /^(\d{4}-\d\d-\d\d-.*)\.json$/

/** Writes the JSON, the report and the plots of a run. @returns path of the report */
export function writeResult(directory: string, result: BenchResult): string {
  const marks = [...(result.parts.length === PARTS.length ? [] : result.parts), ...(result.size === 'whole' ? [] : [result.size])]
  const name = [result.startedAt.slice(0, 10), slugOf(result.machine), ...marks].join('-')
  const earlier = newestComparable(directory, result)
  const plots = plotsOf(result)
  const folder = join(directory, name)
  mkdirSync(directory, { recursive: true })
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const plot of plots) writeFileSync(join(folder, `${plot.name}.svg`), plot.svg)
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(result, undefined, 1)}\n`)
  const report = join(directory, `${name}.md`)
  writeFileSync(report, formatReport(result, plots, name, earlier))
  return report
}

/** The newest run before that may be compared with this one. */
export function newestComparable(directory: string, result: BenchResult): Earlier | undefined {
  if (!existsSync(directory)) return undefined
  return readdirSync(directory)
    .flatMap((file): Earlier[] => {
      const name = NAME.exec(file)?.[1]
      const read = name === undefined ? undefined : readBenchResult(readFileSync(join(directory, file), 'utf8'))
      return name === undefined || read === undefined ? [] : [{ name, result: read }]
    })
    .filter((earlier) => earlier.result.startedAt < result.startedAt && isComparable(earlier.result, result))
    .sort((a, b) => b.result.startedAt.localeCompare(a.result.startedAt))[0]
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as v from 'valibot'
import { formatFigure } from './report/figures.ts'
import { benchResult, PARTS, type BenchResult } from './report/result.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiron-bench-test-'))
let result: BenchResult
let report = ''

beforeAll(async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), 'all', '--size', 'tiny', '--peers', 'none', '--out', folder, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()))
  const [code] = await once(child, 'close')
  expect([code, said.err]).toEqual([0, expect.stringContaining('report: ')])
  result = v.parse(benchResult, JSON.parse(said.out))
  report = readFileSync(/^report: (.*)$/m.exec(said.err)?.[1] as string, 'utf8')
}, 480_000)

afterAll(() => rmSync(folder, { recursive: true }))

test('a run leaves its JSON, a report and every plot that the report shows', () => {
  const [json] = readdirSync(folder).filter((name) => name.endsWith('.json'))
  expect(v.parse(benchResult, JSON.parse(readFileSync(join(folder, json as string), 'utf8')))).toEqual(result)
  const plots = [...report.matchAll(/!\[.+\]\((.+\.svg)\)/g)].map(([, path]) => path as string)
  expect(plots.length).toBeGreaterThanOrEqual(11)
  expect(plots.map((path) => path.split('/')[1]).sort()).toEqual(readdirSync(join(folder, dirname(plots[0] as string))).sort())
  for (const path of plots) {
    const svg = readFileSync(join(folder, path), 'utf8')
    expect(svg).toMatch(/^<svg [^]*<(path|rect) [^]*<\/svg>\n$/)
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  }
})

test('every part is measured, with its targets', () => {
  expect(result.parts).toEqual(PARTS)
  expect(result.gateway?.scenarios.map(({ name, servers, stages }) => [name, typeof servers['Chiron'], stages.length > 3])).toEqual(
    ['GET Observation', 'search patient+code', 'POST Observation', 'transaction of 20 entries'].map((name) => [name, 'object', true]),
  )
  for (const { servers } of result.gateway?.scenarios ?? []) expect(servers['Chiron']).toMatchObject({ checked: expect.toSatisfy((n: number) => n > 0), requests: expect.toSatisfy((n: number) => n > 0) })
  expect(result.chart).toMatchObject({ records: 40, keyholders: 4, threshold: 2 })
  expect(result.decide?.compared).toBe(20)
  expect(result.ledger?.growth.points.at(-1)?.entries).toBe(2_000)
  for (const { id, target, met, value, better } of result.figures) {
    if (target === null) expect([id, met]).toEqual([id, null])
    else if (Math.abs(value - target.limit) > 1e-9) expect([id, met]).toEqual([id, better === 'higher' ? value > target.limit : value < target.limit])
  }
  expect(result.figures.filter(({ target }) => target !== null)).toHaveLength(10)
})

test('the report\'s tables say what the JSON says', () => {
  const judged = result.figures.filter(({ target }) => target !== null)
  expect(rowsUnder('Targets')).toEqual(judged.map((figure) => [figure.name, figure.target?.text, formatFigure(figure), figure.met === true ? 'yes' : '**no**']))
  expect(rowsUnder('All figures')).toEqual(result.figures.map((figure) => [figure.name, formatFigure(figure)]))
  const [memory, ...cpu] = rowsUnder('Gateway beside its peers').filter((row) => row.length === 2).reverse()
  const loads = (result.gateway?.scenarios ?? []).map(({ name, servers }) => ({ name, load: servers['Chiron'] })).reverse()
  expect(cpu).toEqual(loads.map(({ name, load }) => [name, typeof load === 'object' ? formatFigure({ value: load.cpuMsPerRequest, unit: 'ms' }) : load]))
  expect(memory?.[1]).toBe(formatFigure({ value: result.gateway?.memoryMiB['Chiron'] ?? 0, unit: 'MiB' }))
  expect(report).toContain(result.machine.cpu)
})

/** Cells of a section's tables, without their heads. */
function rowsUnder(title: string): string[][] {
  const section = report.split(/^## /m).find((one) => one.startsWith(`${title}\n`)) ?? ''
  const tables = section.split(/\n{2,}/).filter((block) => block.startsWith('|'))
  return tables.flatMap((block) => block.trim().split('\n').slice(2).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim())))
}

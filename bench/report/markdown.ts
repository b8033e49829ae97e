import { formatFigure } from './figures.ts'
import type { Plot } from './plots.ts'
import { regressionsOf } from './regressions.ts'
import type { BenchResult, Figure, GatewayResult, ServerLoad } from './result.ts'

export interface Earlier {
  /** Its file's name without ending. */
  readonly name: string
  readonly result: BenchResult
}

/** The report that people read. @param plots folder with the plots' files, as the report links to it */
export function formatReport(result: BenchResult, plots: readonly Plot[], folder: string, earlier: Earlier | undefined): string {
  const sections = [
    `# Measured ${result.startedAt.slice(0, 10)}`,
    intro(result),
    section('Targets', targetsTable(result.figures)),
    section('All figures', table(['figure', 'value'], result.figures.map((figure) => [figure.name, formatFigure(figure)]))),
    ...(result.gateway === null ? [] : [section('Gateway beside its peers', gatewayTables(result.gateway))]),
    ...(result.gateway === null ? [] : [section('What each promise costs', stagesTable(result.gateway))]),
    ...(plots.length === 0 ? [] : [section('Plots', plots.map(({ name, title }) => `![${title}](${folder}/${name}.svg)`).join('\n\n'))]),
    section('Beside the run before', regressions(result, earlier)),
    section('The machine', machine(result)),
  ]
  return `${sections.join('\n\n')}\n`
}

function intro({ size, commit, seconds, servers, machine, noise }: BenchResult): string {
  const sized = size === 'whole' ? 'The whole run' : `A ${size} run: its figures are for a look, not for publication; HAPI is hardly warm in it`
  const list = servers.map(({ name, description, missing }) => `- **${name}**: ${missing === undefined ? description : `not measured: ${missing}`}`)
  return [`${sized}, ${(seconds / 60).toFixed(1)} minutes${commit === null ? '' : `, of commit ${commit}`}. How to read it: [performance](../../docs/performance.md).`, ...(isBusy(machine, noise) ? ['', BUSY] : []), ...(list.length === 0 ? [] : ['', ...list])].join('\n')
}

const BUSY = '**The machine was busy**, see below: believe CPU times, and no rate, latency or ratio of rates.'

/** Whether others used more than half a core, or a fixed loop took a fifth longer at times. */
export function isBusy(machine: Pick<BenchResult['machine'], 'loadBefore'>, noise: BenchResult['noise']): boolean {
  return (machine.loadBefore[0] ?? 0) > 0.5 || Math.max(noise.before.spread, noise.after.spread) > 0.2
}

function targetsTable(figures: readonly Figure[]): string {
  const judged = figures.filter((figure) => figure.target !== null)
  const met = judged.filter((figure) => figure.met === true).length
  return `${met} of ${judged.length} met.\n\n${table(['figure', 'target', 'measured', 'met'], judged.map((figure) => [figure.name, figure.target?.text ?? '', formatFigure(figure), figure.met === true ? 'yes' : '**no**']))}`
}

function gatewayTables({ scenarios, windows, windowSeconds, memoryMiB }: GatewayResult): string {
  const names = Object.keys(scenarios[0]?.servers ?? {})
  const cpu = scenarios.map(({ name, servers }) => {
    const ours = servers['Chiron']
    return [name, ...names.map((server) => {
      const load = servers[server]
      if (load === undefined || typeof load === 'string') return 'none (below)'
      const beside = server === 'Chiron' || ours === undefined || typeof ours === 'string' ? '' : ` (ours is ${formatRatio(ours.cpuMsPerRequest / load.cpuMsPerRequest)})`
      return `${formatFigure({ value: load.cpuMsPerRequest, unit: 'ms' })}${beside}`
    })]
  })
  const rows = scenarios.flatMap(({ name, connections, servers }) => Object.entries(servers).map(([server, load]) =>
    typeof load === 'string' ? [name, server, String(connections), `no figure: ${cell(load)}`, '', '', '', '', ''] : [name, server, String(connections), ...loadCells(load)]))
  return [
    `CPU-ms of a request, server and database together; median of ${windows} windows of ${windowSeconds} s, the servers in turn.`,
    table(['', ...names], [...cpu, ['anonymous memory after the load', ...names.map((name) => formatFigure({ value: memoryMiB[name] ?? 0, unit: 'MiB' }))]]),
    table(['scenario', 'server', 'connections', 'requests/s', 'p50 ms', 'p99 ms', 'CPU-ms of each window', 'cores', 'bodies checked'], rows),
  ].join('\n\n')
}

function loadCells({ perSecond, p50Ms, p99Ms, cpuMsOfWindows, coresUsed, checked }: ServerLoad): string[] {
  return [formatFigure({ value: perSecond, unit: '' }), String(p50Ms), String(p99Ms), cpuMsOfWindows.join(' · '), String(coresUsed), String(checked)]
}

function formatRatio(ratio: number): string {
  return `${formatFigure({ value: ratio, unit: '' })} of it`
}

/** CPU-ms of a request by stage: scenarios across, the dearest stages first. */
function stagesTable({ scenarios }: GatewayResult): string {
  const staged = scenarios.filter(({ stages }) => stages.length > 0)
  const names = [...new Set(staged.flatMap(({ stages }) => stages.map(({ stage }) => stage)))]
  const costOf = (stage: string): string[] => staged.map(({ stages }) => stages.find((one) => one.stage === stage)?.cpuMs.toFixed(3) ?? '')
  const weight = (stage: string): number => Math.max(...staged.map(({ stages }) => shareOf(stages, stage)))
  const rows = names.sort((a, b) => weight(b) - weight(a)).map((stage) => [stage, ...costOf(stage)])
  const sums = staged.map(({ stages }) => stages.reduce((sum, { cpuMs }) => sum + cpuMs, 0).toFixed(3))
  return `CPU-ms of a request of ours by stage; shares are from a window with the profiler.\n\n${table(['stage', ...staged.map(({ name }) => name)], [...rows, ['**together**', ...sums]])}`
}

function shareOf(stages: readonly { readonly stage: string; readonly cpuMs: number }[], stage: string): number {
  const total = stages.reduce((sum, { cpuMs }) => sum + cpuMs, 0)
  return (stages.find((one) => one.stage === stage)?.cpuMs ?? 0) / total
}

function regressions(result: BenchResult, earlier: Earlier | undefined): string {
  if (earlier === undefined) return 'There is no earlier run of this size on such a machine.'
  const worse = regressionsOf(earlier.result, result)
  const noise = `The machine's noise then and now: ${percent(earlier.result.noise.before.spread)}, ${percent(result.noise.before.spread)}.`
  if (worse.length === 0) return `Nothing is more than 10 % worse than in ${earlier.name}. ${noise}`
  return `More than 10 % worse than in ${earlier.name}. ${noise}\n\n${table(['figure', 'then', 'now', 'worse by'], worse.map(({ name, earlier: old, now, worseBy }) => [name, formatFigure(old), formatFigure(now), percent(worseBy)]))}`
}

function machine({ machine: { cpu, cores, memoryGiB, kernel, disk, node, loadBefore }, noise }: BenchResult): string {
  const loop = ({ fastestMs, spread }: typeof noise.before): string => `${fastestMs.toFixed(1)} ms, the slowest tenth ${percent(spread)} more`
  return table(['', ''], [
    ['processor', `${cpu}, ${cores} cores`],
    ['memory', `${memoryGiB} GiB`],
    ['kernel', kernel],
    ['disk', `${disk.fileSystem}; 4 KiB made durable in ${disk.flushMedianMs} ms (median)`],
    ['Node', node],
    ['load average before (1, 5, 15 min)', loadBefore.join(', ')],
    ['a fixed loop before', loop(noise.before)],
    ['the same after', loop(noise.after)],
  ])
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

function section(title: string, content: string): string {
  return `## ${title}\n\n${content}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [row(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(row)].join('\n')
}

function cell(content: string): string {
  return content.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

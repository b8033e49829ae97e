import type { BenchResult, GatewayScenario, ServerLoad } from './result.ts'
import { barPlot, linePlot, shortNumber, type Series } from './svg.ts'

export interface Plot {
  /** File name without ending; stable. */
  readonly name: string
  readonly title: string
  readonly svg: string
}

/** All plots that a result has figures for. */
export function plotsOf(result: BenchResult): Plot[] {
  return [...ledgerPlots(result), ...gatewayPlots(result), ...chartPlots(result)]
}

function plot(name: string, title: string, svg: (title: string) => string): Plot {
  return { name, title, svg: svg(title) }
}

function ledgerPlots({ ledger }: BenchResult): Plot[] {
  if (ledger === null) return []
  const { points } = ledger.growth
  const x = { label: 'entries on the ledger', log: true }
  return [
    plot('ledger-throughput', 'Ledger: entries committed per second as it grows', (title) =>
      linePlot({ title, x, y: { label: 'entries/s', from: 0 }, series: [{ name: 'batches of 100', points: points.map((point) => [point.entries, point.entriesPerSecond]) }] })),
    plot('ledger-cpu', 'Ledger: CPU of an entry as it grows', (title) =>
      linePlot({ title, x, y: { label: 'µs an entry', from: 0 }, series: [{ name: 'all threads', points: points.map((point) => [point.entries, point.cpuUsPerEntry]) }] })),
    plot('ledger-memory', 'Ledger: anonymous resident memory as it grows', (title) =>
      linePlot({ title, x, y: { label: 'MB', from: 0 }, series: [{ name: 'RssAnon', points: points.map((point) => [point.entries, point.rssAnonMb]) }] })),
    plot('ledger-latency', `Ledger: time to the durable answer, ${ledger.latency.clients} clients`, (title) =>
      linePlot({ title, x: { label: 'milliseconds', log: true }, y: { label: '% of transactions', from: 0 }, series: [cdf('single record', ledger.latency.percentiles)] })),
  ]
}

function gatewayPlots({ gateway }: BenchResult): Plot[] {
  if (gateway === null) return []
  const latencies = gateway.scenarios.map((scenario) =>
    plot(`latency-${slug(scenario.name)}`, `Latency: ${scenario.name}, ${scenario.connections} connections`, (title) =>
      linePlot({ title, x: { label: 'milliseconds', log: true }, y: { label: '% of requests', from: 0 }, series: loads(scenario).map(([name, { percentiles }]) => cdf(name, percentiles)) })))
  const cpu = plot('cpu-per-request', 'CPU of a request beside the peers (logarithmic)', (title) =>
    barPlot({
      title, unit: 'CPU-ms a request', log: true,
      bars: gateway.scenarios.flatMap((scenario) => loads(scenario).map(([name, { cpuMsPerRequest }]) => ({ name: `${scenario.name} · ${name}`, parts: [{ name, value: cpuMsPerRequest }] }))),
    }))
  const staged = gateway.scenarios.filter(({ stages }) => stages.length > 0)
  const stages = staged.length === 0 ? [] : [plot('stages', 'Chiron: where the CPU of a request goes', (title) =>
    barPlot({ title, unit: '% of the request’s CPU', bars: staged.map(({ name, stages }) => sharesOf(name, stages)) }))]
  const memory = plot('memory', 'Anonymous memory after the load', (title) =>
    barPlot({ title, unit: 'MiB', bars: Object.entries(gateway.memoryMiB).map(([name, value]) => ({ name, parts: [{ name: 'anonymous', value }] })) }))
  return [cpu, ...stages, ...latencies, memory]
}

function chartPlots({ chart }: BenchResult): Plot[] {
  if (chart === null || chart.stages.length === 0) return []
  return [plot('chart-stages', `Chiron: where a chart of ${chart.records} records spends its time`, (title) =>
    barPlot({ title, unit: '% of the time', bars: [sharesOf('open, release, decrypt', chart.stages)] }))]
}

/** Stages as shares, the small ones together; the whole is written behind the bar. */
function sharesOf(name: string, stages: readonly { readonly stage: string; readonly cpuMs: number }[]): { name: string; parts: { name: string; value: number }[]; note: string } {
  const total = stages.reduce((sum, { cpuMs }) => sum + cpuMs, 0)
  const parts = stages.map(({ stage, cpuMs }) => ({ name: stage, value: (cpuMs * 100) / total }))
  const large = parts.filter(({ value }) => value >= 4)
  const small = parts.filter((part) => !large.includes(part)).reduce((sum, { value }) => sum + value, 0)
  return { name, parts: [...large.sort((a, b) => a.name.localeCompare(b.name)), { name: 'less than 4 % each', value: small }], note: `${shortNumber(total)} ms` }
}

function loads({ servers }: GatewayScenario): [string, ServerLoad][] {
  return Object.entries(servers).filter((entry): entry is [string, ServerLoad] => typeof entry[1] !== 'string')
}

function cdf(name: string, percentiles: readonly number[]): Series {
  return { name, points: percentiles.map((value, i) => [Math.max(value, 0.01), i + 1]) }
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
}

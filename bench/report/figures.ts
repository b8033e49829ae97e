import type { BenchResult, Figure } from './result.ts'

type Measured = Pick<BenchResult, 'ledger' | 'decide' | 'gateway' | 'chart'>

/** Most that a request of ours may cost of HAPI's, by the beginning of the scenario's name. */
const OF_HAPI: readonly (readonly [scenario: string, most: number])[] = [
  ['GET', 0.5],
  ['search', 0.3],
  ['POST', 0.4],
  ['transaction', 0.3],
]
const TAIL = 10
const DECIDE_US = 20
const CHART_MS = 500
/** Connections at which the tail is judged. */
const TAIL_CONNECTIONS = 16

/** Every number that has a target, or that a later run is compared with. */
export function figuresOf(measured: Measured): Figure[] {
  return [...ledgerFigures(measured), ...decideFigures(measured), ...chartFigures(measured), ...gatewayFigures(measured)]
}

const plain = (id: string, name: string, value: number, unit: string, better: Figure['better']): Figure => ({ id, name, value, unit, better, target: null, met: null })

function below(id: string, name: string, value: number, unit: string, limit: number): Figure {
  return { id, name, value, unit, better: 'lower', target: { text: `< ${limit}`, limit }, met: value < limit }
}

function ledgerFigures({ ledger }: Measured): Figure[] {
  if (ledger === null) return []
  const { single, singleAlone, growth, latency, sizes } = ledger
  return [
    ...ledger.targets.map(({ name, value, limit, better, met }): Figure => ({
      id: `ledger.${slug(name)}`, name: `ledger: ${name}`, value, unit: '', better, target: { text: `${better === 'higher' ? '≥' : '<'} ${limit.toLocaleString('en')}`, limit }, met,
    })),
    plain('ledger.ed25519', 'bare Ed25519 checks on one core', ledger.ed25519PerSecond, '/s', 'higher'),
    plain('ledger.singles', 'ledger: single-record transactions', single.transactionsPerSecond, '/s', 'higher'),
    plain('ledger.single-cpu', 'ledger: CPU of a single-record transaction', single.cpuMs / single.transactions, 'ms', 'lower'),
    plain('ledger.singles-alone', 'ledger: single-record transactions, each with a receipt of its own', singleAlone.transactionsPerSecond, '/s', 'higher'),
    plain('ledger.single-alone-cpu', 'ledger: CPU of one of those', singleAlone.cpuMs / singleAlone.transactions, 'ms', 'lower'),
    plain('ledger.entries', 'ledger: entries in batches, over the whole growth', growth.whole.entriesPerSecond, '/s', 'higher'),
    plain('ledger.entry-cpu', 'ledger: CPU of an entry in a batch', (growth.whole.cpuMs * 1000) / growth.whole.entries, 'µs', 'lower'),
    plain('ledger.p50', `ledger: p50 with ${latency.clients} clients`, latency.p50, 'ms', 'lower'),
    plain('ledger.p99', `ledger: p99 with ${latency.clients} clients`, latency.p99, 'ms', 'lower'),
    plain('ledger.block-log', 'ledger: block log of an entry', sizes.blockLogBytesPerEntry, 'bytes', 'lower'),
  ]
}

function decideFigures({ decide }: Measured): Figure[] {
  if (decide === null) return []
  const { rules } = decide
  return [
    below('decide.spread', `decide(), ${rules} rules on the patient`, decide.spreadUs, 'µs', DECIDE_US),
    plain('decide.dense', `decide(), ${rules} rules of which half are for the reader`, decide.denseUs, 'µs', 'lower'),
    plain('decide.record', 'decide(), a record of a chart under one request', decide.perRecordUs, 'µs', 'lower'),
    plain('decide.index', `making ${rules} rules ready, once for each state of them`, decide.indexUs, 'µs', 'lower'),
  ]
}

function chartFigures({ chart }: Measured): Figure[] {
  if (chart === null) return []
  return [
    below('chart.median', `chart of ${chart.records} records opened, ${chart.threshold} of ${chart.keyholders} keyholders`, chart.medianMs, 'ms', CHART_MS),
    plain('chart.first', 'the first chart after the start', chart.firstMs, 'ms', 'lower'),
  ]
}

function gatewayFigures({ gateway }: Measured): Figure[] {
  if (gateway === null) return []
  const own = 'Chiron'
  const scenarios = gateway.scenarios.flatMap(({ name, connections, servers }) => {
    const ours = servers[own]
    if (ours === undefined || typeof ours === 'string') return []
    const id = `gateway.${slug(name)}`
    const theirs = servers['HAPI']
    const most = OF_HAPI.find(([scenario]) => name.startsWith(scenario))?.[1]
    const ratio = theirs === undefined || typeof theirs === 'string' || most === undefined ? [] : [atMost(`${id}.of-hapi`, `${name}: CPU of HAPI's`, ours.cpuMsPerRequest / theirs.cpuMsPerRequest, most)]
    const tail = ours.p99Ms / ours.p50Ms
    return [
      ...ratio,
      connections >= TAIL_CONNECTIONS ? below(`${id}.tail`, `${name}: p99 of p50`, tail, '', TAIL) : plain(`${id}.tail`, `${name}: p99 of p50`, tail, '', 'lower'),
      plain(`${id}.cpu`, `${name}: CPU`, ours.cpuMsPerRequest, 'ms', 'lower'),
      plain(`${id}.rate`, `${name}: rate`, ours.perSecond, '/s', 'higher'),
    ]
  })
  const memory = gateway.memoryMiB[own]
  return memory === undefined ? scenarios : [...scenarios, plain('gateway.memory', 'gateway: anonymous memory after the load', memory, 'MiB', 'lower')]
}

function atMost(id: string, name: string, value: number, limit: number): Figure {
  return { id, name, value, unit: '', better: 'lower', target: { text: `≤ ${limit}`, limit }, met: value <= limit }
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '')
}

/** A figure as the report shows it: as many digits as tell runs apart. */
export function formatFigure({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3
  const shown = value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return unit === '' ? shown : unit.startsWith('/') ? `${shown}${unit}` : `${shown} ${unit}`
}

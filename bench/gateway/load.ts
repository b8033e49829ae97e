/**
 * Loads a FHIR server and prints one JSON document: `node bench/gateway/load.ts [--scenarios post,get,search,transaction]`. Without
 * `--base` it starts a node of its own; with it, any FHIR R4 server is measured (HAPI, Medplum), of which `--pids` names
 * the processes whose CPU is counted.
 */
import type { Profiler } from 'node:inspector'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { FhirHttp } from './fhir-http.ts'
import { getObservation } from './load-get.ts'
import { postObservation } from './load-post.ts'
import { searchObservations } from './load-search.ts'
import { postTransaction } from './load-transaction.ts'
import { measureWindow, resultOf, type LoadResult, type LoadWindow, type Scenario, type WindowOptions } from './measure.ts'
import { populate, type Population } from './population.ts'
import { anonymousMiB, mainThreadMsOf } from './process-cpu.ts'
import { readSources, SAMPLE_PATIENTS, type Source } from './samples.ts'
import { stagesOf, type StageShare } from './stages.ts'
import { startNodeProcess, type MeasuredNode } from './start-node.ts'

const { values } = parseArgs({
  options: {
    base: { type: 'string' },
    token: { type: 'string' },
    pids: { type: 'string', default: '' },
    label: { type: 'string', default: 'chiron' },
    data: { type: 'string', default: SAMPLE_PATIENTS },
    scenarios: { type: 'string', default: 'post,get,search,transaction' },
    connections: { type: 'string', default: '16' },
    'transaction-connections': { type: 'string', default: '4' },
    entries: { type: 'string', default: '100' },
    patients: { type: 'string', default: '20' },
    observations: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '12' },
    'warm-up': { type: 'string', default: '4' },
    /** Also says which stage of a request the CPU went to; costs some. For a node of its own. */
    stages: { type: 'boolean', default: false },
    /** Arguments of Node for a node of its own, separated by spaces: `--cpu-prof`. */
    'node-args': { type: 'string', default: '' },
  },
})

interface Setting {
  readonly population: Population
  readonly sources: readonly Source[]
}

/** Each scenario by its name on the command line, and how many requests it keeps under way. */
const SCENARIOS: Readonly<Record<string, { readonly connections: number; make(setting: Setting): Scenario }>> = {
  post: { connections: Number(values.connections), make: ({ population }) => postObservation(population) },
  get: { connections: Number(values.connections), make: ({ population }) => getObservation(population) },
  search: { connections: Number(values.connections), make: ({ population }) => searchObservations(population) },
  transaction: { connections: Number(values['transaction-connections']), make: ({ sources }) => postTransaction(sources, Number(values.entries)) },
}

type Result = Omit<LoadResult, 'percentiles'> & Pick<LoadWindow, 'failed'> & { readonly name: string; readonly anonymousMiB?: number; readonly stages?: readonly StageShare[] }

const wanted = values.scenarios.split(',').map((name) => {
  const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined
  if (scenario === undefined) throw new Error(`no scenario ${name}; there are ${Object.keys(SCENARIOS).join(', ')}`)
  return scenario
})
const own = values.base === undefined ? await startNodeProcess({ execArgv: values['node-args'].split(' ').filter((arg) => arg !== '') }) : undefined
const pids = own === undefined ? values.pids.split(',').filter((pid) => pid !== '').map(Number) : [own.pid]
const client = new FhirHttp(own?.base ?? (values.base as string), own?.token ?? values.token, 64)
try {
  const sources = readSources(values.data)
  const loadBefore = loadavg()
  const started = performance.now()
  const population = await populate(client, sources.slice(0, Number(values.patients)), Number(values.observations))
  const populated = { patients: population.patients.length, observations: population.templates.length, seconds: Number(((performance.now() - started) / 1000).toFixed(1)) }
  const results: Result[] = []
  for (const { connections, make } of wanted) {
    const scenario = make({ population, sources })
    const options = { connections, pids, seconds: Number(values.seconds), warmUpSeconds: Number(values['warm-up']) }
    results.push(own === undefined ? shown(scenario, await measureWindow(client, scenario, options)) : await measureOwn(own, scenario, options))
  }
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', node: process.version, loadBefore, loadAfter: loadavg() }
  console.log(JSON.stringify({ label: values.label, machine, populated, results }, undefined, 1))
} finally {
  client.close()
  await own?.stop()
}

/** What only a node of its own tells: memory after the load, and the stages where they are asked for. */
async function measureOwn(node: MeasuredNode, scenario: Scenario, options: WindowOptions): Promise<Result> {
  const window: { begin: number; end: number; profile?: () => Promise<Profiler.Profile> } = { begin: 0, end: 0 }
  const onWindow = (edge: 'begin' | 'end'): void => {
    window[edge] = mainThreadMsOf(node.pid)
    if (edge === 'begin' && values.stages) window.profile = node.profile()
  }
  const result = shown(scenario, await measureWindow(client, scenario, { ...options, onWindow }))
  const profile = await window.profile?.()
  const stages = profile === undefined ? undefined : stagesOf(profile, window.end - window.begin, result.requests)
  return { ...result, anonymousMiB: anonymousMiB(node.pid), ...(stages === undefined ? {} : { stages }) }
}

function shown({ name }: Scenario, window: LoadWindow): Result {
  const { percentiles: _percentiles, ...result } = resultOf([window])
  return { name, ...result, failed: window.failed }
}

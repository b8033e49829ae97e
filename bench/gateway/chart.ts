import { writeFileSync } from 'node:fs'
import { LABELS } from '@chiron/protocol'
import { faultsTolerated } from '@chiron/vault'
import { ControlClient } from '../../apps/node/src/cli/control-client.ts'
import { openDataDirectory } from '../../apps/node/src/storage/data-directory.ts'
import type { ChartResult, StageCost } from '../report/result.ts'
import { FhirHttp } from './fhir-http.ts'
import { median } from './measure.ts'
import { observationOf } from './population.ts'
import { cpuMsOf } from './process-cpu.ts'
import { readSources, resourcesOf, type Json } from './samples.ts'
import { stagesOf } from './stages.ts'
import { startNodeProcess } from './start-node.ts'

export interface ChartOptions {
  /** Records of a chart, the Patient included. */
  readonly records: number
  readonly charts: number
  readonly keyholders: number
  /** Folder of sample patients. */
  readonly data: string
  /** Adds the stages of the last chart, from a CPU profile. */
  readonly stages: boolean
  /** Where that profile is left, for the tools of a browser. */
  readonly profile?: string
  /** Arguments of Node for the measured node. */
  readonly execArgv?: readonly string[]
  /** Where the data directory is made. */
  readonly parent?: string
}

const PER_BUNDLE = 250

/**
 * Opens charts at an organisation that authored none of their records, through a real node. Each measurement is the first
 * search of a reader whom the patient has just granted: access opened on the ledger, keys released by the threshold,
 * ciphertext decrypted, everything indexed. @throws Error when an answer's total is not the whole chart's
 */
export async function openCharts(options: ChartOptions, onChart: (done: number) => void = () => undefined): Promise<ChartResult> {
  const { records, keyholders } = options
  const node = await startNodeProcess({ keyholders, execArgv: options.execArgv ?? [], ...(options.parent === undefined ? {} : { parent: options.parent }) })
  const control = new ControlClient({ socketPath: openDataDirectory(node.dataDirectory).socket, dataDirectory: node.dataDirectory })
  const author = new FhirHttp(node.base, node.token, 4)
  try {
    const { token } = await control.call('token', { for: 'user', organisation: 'lakeside', user: 'physician', purpose: 'TREAT' })
    const reader = new FhirHttp(node.base.replace('/riverside/', '/lakeside/'), token, 4)
    const sources = readSources(options.data)
    const templates = sources.flatMap((source) => resourcesOf(source, 'Observation')).map(({ encounter: _encounter, subject: _subject, ...template }) => template)
    let stages: StageCost[] = []
    const charts: { ms: number; cpuMs: number }[] = []
    for (let chart = 0; chart < options.charts; chart++) {
      onChart(chart)
      const patient = await writeChart(author, records, resourcesOf(sources[chart % sources.length] as (typeof sources)[number], 'Patient')[0] as Json, templates.slice(chart * 7))
      await control.call('grant', {
        patient, effect: 'permit', to: { kind: 'person', organisation: 'lakeside', user: 'physician' }, purposes: [], categories: [], labels: [...LABELS], records: [], actions: ['read'], forMs: 3_600_000, overrides: null,
      })
      const profiling = options.stages && chart + 1 === options.charts ? node.profile() : undefined
      const before = cpuMsOf([node.pid])
      const answer = await reader.send('GET', `Observation?patient=${patient}&_count=1`)
      const cpuMs = cpuMsOf([node.pid]) - before
      const profile = await profiling?.()
      if (profile !== undefined) stages = stagesOf(profile, answer.ms, 1).map(({ stage, mainMsPerRequest }) => ({ stage, cpuMs: mainMsPerRequest }))
      if (profile !== undefined && options.profile !== undefined) writeFileSync(options.profile, JSON.stringify(profile))
      const { total } = JSON.parse(answer.body) as { total?: number }
      if (answer.status !== 200 || total !== records - 1) throw new Error(`the chart was not opened whole: ${answer.status}, total ${String(total)}: ${answer.body.slice(0, 300)}`)
      // The one with the profiler is slower.
      if (profile === undefined || options.charts === 1) charts.push({ ms: Math.round(answer.ms), cpuMs })
    }
    reader.close()
    return { records, keyholders, threshold: faultsTolerated(keyholders) + 1, firstMs: charts[0]?.ms ?? 0, medianMs: median(charts.map(({ ms }) => ms)), charts, stages }
  } finally {
    author.close()
    await node.stop()
  }
}

/** A patient with as many records as asked, the Patient included, written by the author. */
async function writeChart(author: FhirHttp, records: number, person: Json, observations: readonly Json[]): Promise<string> {
  const { identifier: _identifier, ...patient } = person
  const { id, status } = await author.send('POST', 'Patient', JSON.stringify(patient))
  if (id === undefined) throw new Error(`the patient was refused: ${status}`)
  for (let at = 0; at < records - 1; at += PER_BUNDLE) {
    const size = Math.min(PER_BUNDLE, records - 1 - at)
    const entry = Array.from({ length: size }, (_, index) => ({ resource: observationOf(observations[(at + index) % observations.length] as Json, id), request: { method: 'POST', url: 'Observation' } }))
    const answer = await author.send('POST', '', JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }))
    if (answer.status !== 200) throw new Error(`the chart was refused: ${answer.status} ${answer.body.slice(0, 300)}`)
  }
  return id
}

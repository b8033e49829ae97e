/**
 * Opens charts of 1,000 records at an organisation that authored none of them, through a real node with four keyholders
 * (release 2 of 4), and prints one JSON document: `node bench/gateway/chart-open.ts [--records 1000] [--charts 6]`. Each
 * measurement is the first search of a reader whom the patient has just granted: access opened on the ledger, keys
 * released, ciphertext decrypted, everything indexed, and the total of the answer right.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ControlClient } from '../../apps/node/src/cli/control-client.ts'
import { openDataDirectory } from '../../apps/node/src/storage/data-directory.ts'
import { FhirHttp } from './fhir-http.ts'
import { observationOf } from './population.ts'
import { cpuMsOf } from './process-cpu.ts'
import { readSources, resourcesOf, SAMPLE_PATIENTS, type Json } from './samples.ts'
import { stagesOf, type StageShare } from './stages.ts'
import { startNodeProcess } from './start-node.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000' },
    charts: { type: 'string', default: '6' },
    keyholders: { type: 'string', default: '4' },
    data: { type: 'string', default: SAMPLE_PATIENTS },
    'node-args': { type: 'string', default: '' },
    /** Adds the stages of the last chart, from a CPU profile. */
    stages: { type: 'boolean', default: false },
    /** Where that profile is left, for the tools of a browser. */
    profile: { type: 'string' },
  },
})
const PER_BUNDLE = 250
const records = Number(values.records)

const node = await startNodeProcess({ keyholders: Number(values.keyholders), execArgv: values['node-args'].split(' ').filter((arg) => arg !== '') })
const control = new ControlClient({ socketPath: openDataDirectory(node.dataDirectory).socket, dataDirectory: node.dataDirectory })
const author = new FhirHttp(node.base, node.token, 4)
const { token } = await control.call('token', { for: 'user', organisation: 'lakeside', user: 'physician', purpose: 'TREAT' })
const reader = new FhirHttp(node.base.replace('/riverside/', '/lakeside/'), token, 4)
try {
  const sources = readSources(values.data)
  const templates = sources.flatMap((source) => resourcesOf(source, 'Observation')).map(({ encounter: _encounter, subject: _subject, ...template }) => template)
  let stages: readonly StageShare[] | undefined
  const charts: { readonly ms: number; readonly cpuMs: number }[] = []
  for (let chart = 0; chart < Number(values.charts); chart++) {
    const patient = await writeChart(resourcesOf(sources[chart % sources.length] as (typeof sources)[number], 'Patient')[0] as Json, templates.slice(chart * 7))
    await control.call('grant', {
      patient, effect: 'permit', to: { kind: 'person', organisation: 'lakeside', user: 'physician' }, purposes: [], categories: [], labels: [], records: [], actions: ['read'], forMs: 3_600_000, overrides: null,
    })
    const profiling = values.stages && chart + 1 === Number(values.charts) ? node.profile() : undefined
    const before = cpuMsOf([node.pid])
    const answer = await reader.send('GET', `Observation?patient=${patient}&_count=1`)
    const cpuMs = cpuMsOf([node.pid]) - before
    const profile = await profiling?.()
    if (profile !== undefined) stages = stagesOf(profile, answer.ms, 1)
    if (profile !== undefined && values.profile !== undefined) writeFileSync(values.profile, JSON.stringify(profile))
    const { total } = JSON.parse(answer.body) as { total?: number }
    if (answer.status !== 200 || total !== records - 1) throw new Error(`the chart was not opened whole: ${answer.status}, total ${String(total)}: ${answer.body.slice(0, 300)}`)
    charts.push({ ms: Math.round(answer.ms), cpuMs })
  }
  const times = charts.map(({ ms }) => ms).sort((a, b) => a - b)
  console.log(JSON.stringify({ records, keyholders: Number(values.keyholders), firstMs: charts[0]?.ms, medianMs: times[Math.floor(times.length / 2)], charts, ...(stages === undefined ? {} : { stages }) }))
} finally {
  author.close()
  reader.close()
  await node.stop()
}

/** A patient with as many records as asked, the Patient included, written by riverside. */
async function writeChart(person: Json, observations: readonly Json[]): Promise<string> {
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

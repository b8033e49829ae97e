/**
 * Opens charts of 1,000 records through a node with four keyholders (release 2 of 4) and prints one JSON document:
 * `node bench/gateway/chart-open.ts [--records 1000] [--charts 6]`.
 */
import { parseArgs } from 'node:util'
import { openCharts } from './chart.ts'
import { SAMPLE_PATIENTS } from './samples.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000' },
    charts: { type: 'string', default: '6' },
    keyholders: { type: 'string', default: '4' },
    data: { type: 'string', default: SAMPLE_PATIENTS },
    'node-args': { type: 'string', default: '' },
    stages: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
})
const { profile } = values
const result = await openCharts({
  records: Number(values.records),
  charts: Number(values.charts),
  keyholders: Number(values.keyholders),
  data: values.data,
  stages: values.stages,
  execArgv: values['node-args'].split(' ').filter((arg) => arg !== ''),
  ...(profile === undefined ? {} : { profile }),
})
console.log(JSON.stringify(result))

import { parseArgs } from 'node:util'
import { plant } from '../simulation/plant.ts'
import { LEAKS } from './plants.ts'
import { stopTime } from './stopped-time.ts'

const { values } = parseArgs({
  options: { from: { type: 'string', default: '1' }, count: { type: 'string', default: '1' }, seconds: { type: 'string', default: '3600' }, until: { type: 'boolean', default: false }, plant: { type: 'string' }, reader: { type: 'string' } },
})

const started = performance.now()
stopTime()
if (values.plant !== undefined) {
  const found = LEAKS.find(({ name }) => name === values.plant)
  if (found === undefined) throw new TypeError('no such planted leak')
  plant(found)
}
const { makeTemplate } = await import('./world.ts')
const { runSeed } = await import('./run.ts')
const { readerKindOf } = await import('./draw.ts')
const template = await makeTemplate(1)
try {
  const from = Number(values.from)
  for (let seed = from; seed < from + Number(values.count) && performance.now() - started < Number(values.seconds) * 1000; seed++) {
    if (values.reader !== undefined && readerKindOf(seed) !== values.reader) continue
    const report = await runSeed(seed, template.directory)
    process.stdout.write(`${JSON.stringify(report)}\n`)
    if (values.until && report.findings.length > 0) break
  }
} finally {
  template.remove()
}
const { user, system } = process.cpuUsage()
process.stdout.write(`${JSON.stringify({ cpuSeconds: (user + system) / 1e6 })}\n`)
process.exit(0)

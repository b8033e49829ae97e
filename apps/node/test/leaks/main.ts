import { parseArgs } from 'node:util'
import { stopTime } from './stopped-time.ts'

const { values } = parseArgs({
  options: { from: { type: 'string', default: '1' }, count: { type: 'string', default: '1' }, seconds: { type: 'string', default: '3600' }, until: { type: 'boolean', default: false } },
})

const started = performance.now()
stopTime()
const { makeTemplate } = await import('./world.ts')
const { runSeed } = await import('./run.ts')
const template = await makeTemplate(1)
try {
  const from = Number(values.from)
  for (let seed = from; seed < from + Number(values.count) && performance.now() - started < Number(values.seconds) * 1000; seed++) {
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

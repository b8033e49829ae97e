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
const { keyholdersOf, readerKindOf } = await import('./draw.ts')
type Template = Awaited<ReturnType<typeof makeTemplate>>
const templates = new Map<number, Template>()
const templateOf = async (seed: number): Promise<Template> => {
  const keyholders = keyholdersOf(seed)
  const template = templates.get(keyholders) ?? (await makeTemplate(keyholders))
  templates.set(keyholders, template)
  return template
}
try {
  const from = Number(values.from)
  for (let seed = from; seed < from + Number(values.count) && performance.now() - started < Number(values.seconds) * 1000; seed++) {
    if (values.reader !== undefined && readerKindOf(seed) !== values.reader) continue
    const report = await runSeed(seed, (await templateOf(seed)).directory, values.until ? 1 : undefined)
    process.stdout.write(`${JSON.stringify(report)}\n`)
    if (values.until && report.findings.length > 0) break
  }
} finally {
  for (const template of templates.values()) template.remove()
}
const { user, system } = process.cpuUsage()
process.stdout.write(`${JSON.stringify({ cpuSeconds: (user + system) / 1e6 })}\n`)
process.exit(0)

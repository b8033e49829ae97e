import { parseArgs } from 'node:util'
import { plant } from '../simulation/plant.ts'
import { LEAKS } from './plants.ts'
import { stopTime } from './stopped-time.ts'

const { values } = parseArgs({
  options: { from: { type: 'string', default: '1' }, count: { type: 'string', default: '1' }, step: { type: 'string', default: '1' }, seconds: { type: 'string', default: '3600' }, until: { type: 'boolean', default: false }, plant: { type: 'string' }, reader: { type: 'string' } },
})

/** Of processor time. */
const secondsUsed = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
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
  const [from, count, step, seconds] = [values.from, values.count, values.step, values.seconds].map(Number) as [number, number, number, number]
  for (let seed = from; seed < from + count && secondsUsed() < seconds; seed += step) {
    if (values.reader !== undefined && readerKindOf(seed) !== values.reader) continue
    const report = await runSeed(seed, (await templateOf(seed)).directory, values.until ? 1 : undefined)
    process.stdout.write(`${JSON.stringify(report)}\n`)
    if (values.until && report.findings.length > 0) break
  }
} finally {
  for (const template of templates.values()) template.remove()
}
process.stdout.write(`${JSON.stringify({ cpuSeconds: secondsUsed() })}\n`)
process.exit(0)

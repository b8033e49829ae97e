import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { loadDefinitions } from '@chiron/fhir'
import { sealProcess } from '@chiron/testkit/simulation'
import { BUGS } from './bugs.ts'
import { plant } from './plant.ts'

/**
 * Runs seeds in a process of its own, and writes one line of JSON for each: a process in which nothing but the
 * simulation runs, because it takes time and randomness away from everything.
 */
const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '1' },
    /** Ends after so many seconds of this machine, whatever is left. */
    seconds: { type: 'string', default: '3600' },
    /** Ends at the first seed that finds something. */
    until: { type: 'boolean', default: false },
    bug: { type: 'string' },
    /** How many of the newest lines of a failing run to show. */
    lines: { type: 'string', default: '0' },
  },
})

const planted = values.bug === undefined ? undefined : BUGS.find(({ name }) => name === values.bug)
if (values.bug !== undefined && planted === undefined) throw new Error(`no bug is called ${values.bug}`)
const left = planted === undefined ? new Set() : plant(planted)
// What is imported above is there before a bug can be planted, so nothing of the node is.
const { useNativeVault } = await import('../../src/keys/native-vault.ts')
const { runSeed } = await import('./run.ts')
if (left.size > 0) throw new Error(`the bug is not in the way of the simulation: ${values.bug}`)
loadDefinitions(readFileSync(fileURLToPath(import.meta.resolve('@chiron/fhir/definitions.json')), 'utf8'))
await useNativeVault()
const clock = process.hrtime.bigint.bind(process.hrtime)
const began = clock()
sealProcess()
const last = Number(values.from) + Number(values.count)
for (let seed = Number(values.from); seed < last && Number(clock() - began) < Number(values.seconds) * 1e9; seed++) {
  const { lines, ...report } = await runSeed(seed)
  process.stdout.write(`${JSON.stringify(report)}\n`)
  if (report.violations.length === 0) continue
  for (const line of Number(values.lines) > 0 ? lines.slice(-Number(values.lines)) : []) process.stderr.write(`${line}\n`)
  if (values.until) break
}
const { user, system } = process.cpuUsage()
process.stdout.write(`${JSON.stringify({ cpuSeconds: (user + system) / 1e6 })}\n`)

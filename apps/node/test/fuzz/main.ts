import { parseArgs } from 'node:util'
import { Fuzzer, judge } from '@chiron/testkit/fuzz'
import { BUGS } from './bugs.ts'
import { readCorpus, readRegressions, writeCorpus } from './corpus.ts'
import { instrumentModules } from './instrumentation.ts'
import { Watchdog } from './watchdog.ts'

/** Fuzzes targets one after the other in a process of its own; writes one line of JSON for each. */
const { values } = parseArgs({
  options: {
    /** Beginning of the targets' names; all unless given. */
    target: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    executions: { type: 'string' },
    /** Seconds for each target. */
    seconds: { type: 'string' },
    /** Seconds of the processor for each target. */
    'processor-seconds': { type: 'string' },
    /** Name of a bug to plant. */
    bug: { type: 'string' },
    /** Begins with the seeds alone, not with what earlier runs kept. */
    fresh: { type: 'boolean', default: false },
    /** Changes seeds only, without looking at what they reach. */
    blind: { type: 'boolean', default: false },
    /** Says which branches were not reached. */
    missed: { type: 'boolean', default: false },
    /** Writes down the least of inputs that reaches what was reached. */
    keep: { type: 'boolean', default: false },
  },
})
const MAX_BYTES = 65_536
const HANGS_MS = 20_000

const planted = values.bug === undefined ? undefined : BUGS.find(({ name }) => name === values.bug)
if (values.bug !== undefined && planted === undefined) throw new Error(`no bug is called ${values.bug}`)
/** A refusal costs as much as its stack is long. */
Error.stackTraceLimit = 6
const watchdog = new Watchdog({ maxBytes: MAX_BYTES, limitMs: HANGS_MS })
const { coverage, left } = instrumentModules(planted?.changes)
// What is imported above is without counters, so nothing of the project is but testkit.
const { TARGETS } = await import('./targets/index.ts')
if (left.size > 0) throw new Error(`the bug is not in the way of any target: ${values.bug}`)
const chosen = TARGETS.filter(({ name }) => name.startsWith(planted?.target ?? values.target))
if (chosen.length === 0) throw new Error(`no target begins with ${values.target}`)
for (const target of chosen) {
  const kept = values.fresh ? [] : readCorpus(target.name)
  const window = coverage.of(target.modules)
  const fuzzer = new Fuzzer({ ...target, seeds: [...kept, ...target.seeds] }, window)
  const again = []
  for (const input of readRegressions(target.name)) {
    watchdog.see(input)
    again.push((await judge(target, input)) ?? [])
  }
  const report = await fuzzer.run({
    seed: values.seed,
    guided: !values.blind,
    onInput: watchdog.see,
    ...(planted === undefined ? {} : { findings: 1 }),
    ...(values.executions === undefined ? {} : { executions: Number(values.executions) }),
    ...(values.seconds === undefined ? {} : { milliseconds: Number(values.seconds) * 1000 }),
    ...(values['processor-seconds'] === undefined ? {} : { processorMilliseconds: Number(values['processor-seconds']) * 1000 }),
  })
  if (values.keep && report.findings.length === 0) writeCorpus(target.name, await fuzzer.minimise(target.seeds))
  if (values.missed) for (const { url, line, text } of window.missed()) process.stderr.write(`${target.name} ${url.replace(/^.*\/(?=(?:packages|apps)\/)/, '')}:${line} ${text}\n`)
  process.stdout.write(`${JSON.stringify({ ...report, findings: [...again.flat(), ...report.findings] })}\n`)
}
process.exit()
